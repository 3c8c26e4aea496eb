/** A bundled worker as text, which the build creates (see esbuild.js). */
declare module 'worker:*' {
  const source: string;
  export default source;
}
