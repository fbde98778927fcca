/** What the Worker is given by its host: wrangler.toml on Cloudflare, the launcher's configuration on one machine. */
declare namespace Cloudflare {
  interface Env {
    NAMESPACES: DurableObjectNamespace<import('./host/cloudflare/namespace-object').NamespaceObject>;
    DIRECTORY: DurableObjectNamespace<import('./host/cloudflare/directory-object').DirectoryObject>;
    /** 32 characters or more. workerd gives null where it is unset, Cloudflare nothing. */
    ROLLCALL_ROOT_TOKEN?: string | null;
    /** `true`: a proxy in front sets `X-Forwarded-For`, and its last entry counts as the caller's address. */
    ROLLCALL_TRUSTED_PROXY?: string | null;
    /** Origins of pages that may call from a browser, parted by commas or blanks; none where it is unset. */
    ROLLCALL_CORS_ORIGINS?: string | null;
    /** `off`, `error`, `warn` or `info`: the least grave lines that are logged; `warn` where it is unset. */
    ROLLCALL_LOG_LEVEL?: string | null;
    /** Clients of dialects reach a namespace at `<namespace>.<domain>`; at no host where it is unset. */
    ROLLCALL_NAMESPACE_DOMAIN?: string | null;
    /** `eu` or `fedramp`: where the directory and `public` lie, and namespaces that name no other place; nowhere in particular where it is unset. */
    ROLLCALL_JURISDICTION?: string | null;
    /** What was built, on one machine; on Cloudflare `VERSION` tells it. */
    ROLLCALL_COMMIT?: string | null;
    /** `true` on one machine, where there is one place to put a namespace; unset on Cloudflare. */
    ROLLCALL_ONE_MACHINE?: string | null;
    /** What is deployed; there is none on one machine. `wrangler deploy --tag <commit>` sets its tag. */
    VERSION?: WorkerVersionMetadata;
  }

  interface GlobalProps {
    mainModule: typeof import('./worker');
    durableNamespaces: 'NamespaceObject' | 'DirectoryObject';
  }
}

interface Env extends Cloudflare.Env {}
