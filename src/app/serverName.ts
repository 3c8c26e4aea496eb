import { serverAddress } from '../engines/comfyui/serverAddress.ts';
import { MixFailure } from '../mix/failure.ts';

/** The host of a ComfyUI server, with its port; undefined for an address that can't be used, which may have a password in it. */
export function serverNameOf(url: string): string | undefined {
  try {
    return serverAddress(url).name;
  } catch (error) {
    if (error instanceof MixFailure) return undefined;
    throw error;
  }
}
