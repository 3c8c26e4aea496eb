const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { setTimeout: delay } = require('node:timers/promises');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { commands, extensions, workspace } = require('vscode');

/** Longer than idle workers are kept. */
const untilWorkersEnd = 63_000;
const large = [0, 1, 2, 3].map((index) => `large/12mp-${index}.jpg`);

/** Runs in the extension host: mixes locally with the extension's command, and measures this process. Writes the figures of IMAGE_MIXER_PART to IMAGE_MIXER_FIGURES. */
exports.run = async () => {
  await extensions.getExtension('imagemixer.image-mixer').activate();
  const figures = await { load, memory }[process.env.IMAGE_MIXER_PART]();
  writeFileSync(process.env.IMAGE_MIXER_FIGURES, JSON.stringify(figures));
};

/** How late timers are, and how much memory is in use, while photographs of 12 megapixels are mixed. */
async function load() {
  const idle = await delayDuring(() => delay(20_000));
  const restMb = await residentMb();
  const mixing = await delayDuring(async () => {
    for (let index = 0; index < 20; index++) {
      await mix([large[index % 4], large[(index + 1) % 4]], { width: 1024, height: 1024, seed: index });
    }
  });
  const peakMb = await peakDuring(() =>
    Promise.all(
      large.map((name, index) => mix([name, large[(index + 1) % 4]], { width: 1024, height: 1024, seed: 100 + index })),
    ),
  );
  return { idle, mixing, restMb, peakMb };
}

/** Resident memory after 50 and after 200 mixes, once the workers have ended. */
async function memory() {
  const resident = {};
  for (let index = 1; index <= 200; index++) {
    await mix(['refs/alps.jpg', 'refs/allium.jpg'], { width: 512, height: 512, seed: index });
    if (index !== 50 && index !== 200) continue;
    await delay(untilWorkersEnd);
    resident[index] = await residentMb();
  }
  return resident;
}

async function mix(sources, settings) {
  const images = sources.map((source) => ({
    source: join(workspace.workspaceFolders[0].uri.fsPath, source),
    weight: 1,
  }));
  const outcome = await commands.executeCommand('imageMixer.run', { images, ...settings }, { engine: 'local' });
  if (outcome.status !== 'done') throw new Error(JSON.stringify(outcome));
}

/** How late timers are during an action, in ms: the 99th percentile and the longest. */
async function delayDuring(act) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await act();
  histogram.disable();
  return { p99: histogram.percentile(99) / 1e6, max: histogram.max / 1e6 };
}

async function peakDuring(act) {
  let peak = 0;
  const look = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 10);
  await act();
  clearInterval(look);
  return peak / 2 ** 20;
}

async function residentMb() {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  for (let round = 0; round < 3; round++) {
    gc();
    await delay(200); // freed memory is returned a moment after the collection
  }
  return process.memoryUsage.rss() / 2 ** 20;
}
