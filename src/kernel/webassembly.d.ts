/** What the kernel uses of WebAssembly; the types of Node leave it out, and those of the browser are not for this room. */
declare namespace WebAssembly {
  class Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
    private readonly kind: 'memory';
  }
  class Module {
    constructor(bytes: Uint8Array);
    private readonly kind: 'module';
  }
  class Instance {
    readonly exports: Readonly<Record<string, unknown>>;
    constructor(module: Module);
  }
}
