import { type FrameRequest, isPreviewRequest, type PreviewReply } from './previewMessages.ts';
import { PreviewMixer } from './previewMixer.ts';

// The worker of the live preview: mixes one frame per request, and gets up to speed while it has nothing to do.

const mixer = new PreviewMixer();

/** The number of coarse mixes after which V8 has optimized the kernel. Before, a mix takes up to twice as long. */
const warmUpMixes = 30;
let coarseMixes = 0;
let warmUpFrame: FrameRequest | undefined;
let idleTimer: ReturnType<typeof setTimeout> | undefined;

const reply = (message: PreviewReply, transfer: Transferable[] = []) => self.postMessage(message, { transfer });

self.onmessage = ({ data: message }: MessageEvent<unknown>) => {
  if (!isPreviewRequest(message)) return;
  if (message.kind === 'removeImage') {
    mixer.removeImage(message.id);
  } else if (message.kind === 'setImage') {
    clearTimeout(idleTimer); // a frame follows
    const { id, width, height, data } = message;
    mixer.setImage(id, { width, height, data });
  } else {
    void renderFrame(message.frame);
  }
};

async function renderFrame(frame: FrameRequest): Promise<void> {
  try {
    const start = performance.now();
    const mixed = mixer.mix(frame);
    const kernelMs = performance.now() - start;
    if (!mixed) return reply({ kind: 'empty' });
    clearTimeout(idleTimer);
    const { raster, images } = mixed;
    const pixels = new ImageData(raster.data, raster.width, raster.height);
    const bitmap = await createImageBitmap(pixels, { colorSpaceConversion: 'none' });
    reply({ kind: 'frame', bitmap, images, kernelMs }, [bitmap]);
    if (frame.coarse && images > 1) {
      warmUpFrame = frame;
      coarseMixes++;
    }
    warmUp();
  } catch (error) {
    reply({ kind: 'error', message: error instanceof Error ? error.message : String(error) });
  }
}

/** Mixes the latest coarse frame again while the worker is idle, so that the first drag is as smooth as later ones. */
function warmUp(): void {
  const frame = warmUpFrame;
  if (!frame || coarseMixes >= warmUpMixes) return;
  idleTimer = setTimeout(() => {
    coarseMixes++;
    mixer.mix(frame);
    warmUp();
  });
}
