/** Bindings and settings of the Worker: from wrangler.toml on Cloudflare, from the launcher on one machine. */
declare namespace Cloudflare {
  interface Env {
    NAMESPACES: DurableObjectNamespace<import('./host/cloudflare/namespace-object').NamespaceObject>;
    DIRECTORY: DurableObjectNamespace<import('./host/cloudflare/directory-object').DirectoryObject>;
    /** 32 characters or more. If it is unset, workerd passes null and Cloudflare omits it. */
    ROLLCALL_ROOT_TOKEN?: string | null;
    /** `true`: a proxy in front sets `X-Forwarded-For`, and its last entry is taken as the caller's address. */
    ROLLCALL_TRUSTED_PROXY?: string | null;
    /** Origins of pages that may call from a browser, separated by commas or spaces. Default: none. */
    ROLLCALL_CORS_ORIGINS?: string | null;
    /** `off`, `error`, `warn` or `info`: the lowest severity that is logged. Default: `warn`. */
    ROLLCALL_LOG_LEVEL?: string | null;
    /** Domain under which dialect clients reach a namespace, at `<namespace>.<domain>`. Default: none. */
    ROLLCALL_NAMESPACE_DOMAIN?: string | null;
    /**
     * `eu` or `fedramp`: jurisdiction of the directory, of `public` and of namespaces without a placement. Default: no
     * jurisdiction.
     */
    ROLLCALL_JURISDICTION?: string | null;
    /** Commit that was built, on one machine; on Cloudflare, `VERSION` has it. */
    ROLLCALL_COMMIT?: string | null;
    /** `true` on one machine, which has only one place for namespaces; unset on Cloudflare. */
    ROLLCALL_ONE_MACHINE?: string | null;
    /** The deployed version; absent on one machine. `wrangler deploy --tag <commit>` sets its tag. */
    VERSION?: WorkerVersionMetadata;
  }

  interface GlobalProps {
    mainModule: typeof import('./worker');
    durableNamespaces: 'NamespaceObject' | 'DirectoryObject';
  }
}

interface Env extends Cloudflare.Env {}
