/** The built console, which `#console-files` names; `npm run build:console` writes it. */
declare const files: Readonly<
  Record<
    string,
    {
      /** Media type. */
      readonly type: string;
      /** Digest of the content, without quotes. */
      readonly etag: string;
      /** Content, compressed with gzip, in base64. */
      readonly gzip: string;
    }
  >
>;
export default files;
