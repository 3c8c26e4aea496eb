/** A bundled worker as text; the build makes it (see esbuild.js). */
declare module 'worker:*' {
  const source: string;
  export default source;
}
