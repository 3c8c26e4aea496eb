/** The part of WebAssembly that the kernel uses. Node's types lack it, and the kernel doesn't depend on DOM types. */
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
