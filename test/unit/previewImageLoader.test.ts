import { describe, expect, test } from 'vitest';
import type { DraftImage } from '../../src/mix/draft.ts';
import { RemoteError } from '../../src/protocol/channel.ts';
import { PreviewImageLoader } from '../../src/webview/previewImageLoader.ts';

const image = (uri: string, enabled = true): DraftImage => ({ id: uri, uri, path: uri, weight: 0.5, enabled });

interface Request {
  readonly uri: string;
  readonly width: number;
  answer(color?: number): Promise<void>;
  fail(error?: Error): Promise<void>;
}

/** A loader whose requests the test answers, and the first red value of each image that the preview has. */
function open() {
  const requests: Request[] = [];
  const shown = new Map<string, number | undefined>();
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  const pixelsOf = (uri: string, width: number) =>
    new Promise<{ width: number; height: number; data: Uint8Array<ArrayBuffer> }>((resolve, reject) => {
      requests.push({
        uri,
        width,
        answer: (color = 1) => {
          resolve({ width: 1, height: 1, data: new Uint8Array([color, 0, 0, 255]) });
          return settled();
        },
        fail: (error = new RemoteError('unreadable-image', 'gone')) => {
          reject(error);
          return settled();
        },
      });
    });
  const loader = new PreviewImageLoader(
    pixelsOf,
    {
      setImage: (uri, { data }) => void shown.set(uri, data[0]),
      removeImage: (uri) => void shown.delete(uri),
    },
    () => {},
  );
  const last = () => {
    const request = requests.at(-1);
    if (!request) throw new Error('Nothing was requested');
    return request;
  };
  return { loader, requests, shown, last };
}

describe('an image that can not be loaded', () => {
  test("isn't requested again while something else is dragged", async () => {
    const { loader, requests, last } = open();
    const images = [image('file:///bad.png')];
    loader.sync(images);
    await last().fail();
    for (let step = 0; step < 60; step++) loader.sync([{ ...image('file:///bad.png'), weight: step / 60 }]);
    loader.sync([image('file:///bad.png', false)]);
    loader.sync(images);
    expect(requests).toHaveLength(1);
    expect(loader.isLoading).toBe(false);
    expect(loader.has('file:///bad.png')).toBe(false);
  });

  test('is requested again when its file changed', async () => {
    const { loader, requests, shown, last } = open();
    loader.sync([image('file:///bad.png')]);
    await last().fail();
    loader.reload('file:///bad.png');
    expect(requests).toHaveLength(2);
    await last().answer(7);
    expect(shown.get('file:///bad.png')).toBe(7);
  });

  test('is requested again when it was removed and added, and its replacement at once', async () => {
    const { loader, requests, last } = open();
    loader.sync([image('file:///bad.png')]);
    await last().fail();
    loader.sync([image('file:///other.png')]);
    expect(last().uri).toBe('file:///other.png');
    loader.sync([image('file:///bad.png')]);
    expect(requests.map(({ uri }) => uri)).toEqual(['file:///bad.png', 'file:///other.png', 'file:///bad.png']);
  });

  test('is requested once more when the settings or the trust changed', async () => {
    const { loader, requests, last } = open();
    loader.sync([image('https://example.com/a.png'), image('file:///off.png', false)]);
    await last().fail();
    loader.forgetFailures();
    loader.sync([image('https://example.com/a.png')]);
    expect(requests).toHaveLength(2);
    await last().fail();
    loader.sync([image('https://example.com/a.png')]);
    expect(requests).toHaveLength(2);
  });

  test('leaves the preview if it was shown before', async () => {
    const { loader, shown, last } = open();
    loader.sync([image('file:///a.png')]);
    await last().answer();
    loader.sharpen();
    await last().answer();
    loader.reload('file:///a.png');
    await last().fail();
    expect([...shown.keys()]).toEqual([]);
  });

  test('keeps its small pixels if only the large ones fail', async () => {
    const { loader, requests, shown, last } = open();
    loader.sync([image('file:///a.png')]);
    await last().answer(3);
    loader.sharpen();
    await last().fail();
    loader.sharpen();
    loader.sync([image('file:///a.png')]);
    expect(requests.map(({ width }) => width)).toEqual([192, 768]);
    expect(shown.get('file:///a.png')).toBe(3);
  });
});

test('large pixels are requested after `sharpen`, of the images that have small ones', async () => {
  const { loader, requests, last } = open();
  loader.sync([image('file:///a.png'), image('file:///slow.png')]);
  expect([loader.isLoading, loader.hasPixels]).toEqual([true, false]);
  await requests[0]?.answer();
  expect([loader.isLoading, loader.hasPixels]).toEqual([true, true]);
  expect(requests).toHaveLength(2);
  loader.sharpen();
  loader.sharpen();
  expect(requests).toHaveLength(3);
  expect(last()).toMatchObject({ uri: 'file:///a.png', width: 768 });
});

test('pixels that the extension offers are used for the image that comes next or is loading, without another request', async () => {
  const { loader, requests, shown, last } = open();
  const pixels = (color: number) => ({ width: 1, height: 1, data: new Uint8Array([color, 0, 0, 255]) });
  loader.offer('file:///a.png', pixels(1));
  loader.offer('file:///other.png', pixels(9));
  loader.sync([image('file:///a.png'), image('file:///b.png')]);
  expect([...shown]).toEqual([['file:///a.png', 1]]);
  loader.offer('file:///b.png', pixels(2));
  expect(loader.isLoading).toBe(false);
  await last().answer(7); // the same image, decoded for the request that was on its way
  expect([...shown.values()]).toEqual([1, 2]);
  loader.sync([image('file:///a.png'), image('file:///b.png'), image('file:///other.png')]);
  expect(requests.map(({ uri }) => uri)).toEqual(['file:///b.png', 'file:///other.png']);
  loader.offer('file:///a.png', pixels(3));
  expect(shown.get('file:///a.png')).toBe(1);
});

test('an answer that is outdated, because the file changed or the image was removed, is ignored', async () => {
  const { loader, requests, shown, last } = open();
  loader.sync([image('file:///a.png')]);
  loader.reload('file:///a.png');
  const [outdated] = requests;
  await last().answer(2);
  loader.sharpen();
  await last().answer(2);
  await outdated?.answer(1);
  expect(shown.get('file:///a.png')).toBe(2);
  expect(requests).toHaveLength(3);
  loader.reload('file:///a.png');
  const removed = last();
  loader.sync([]);
  loader.sync([image('file:///a.png')]);
  const added = last();
  await removed.fail();
  await added.answer(4);
  expect(shown.get('file:///a.png')).toBe(4);
  expect(loader.isLoading).toBe(false);
});
