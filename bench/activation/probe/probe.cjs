const { appendFileSync, existsSync, readFileSync } = require('node:fs');
const { performance } = require('node:perf_hooks');
const { extensions } = require('vscode');

/**
 * Activates an extension to warm up, then ours and the empty one in alternating order, and appends a line with their
 * times in ms to the file that IMAGE_MIXER_ACTIVATION names. Runs before the extensions that wait until startup has finished.
 */
exports.activate = async () => {
  const file = process.env.IMAGE_MIXER_ACTIVATION;
  const runs = existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
  await extensions.getExtension('imagemixer.warm').activate();
  const times = {};
  for (const name of runs % 2 === 0 ? ['image-mixer', 'empty'] : ['empty', 'image-mixer']) {
    const extension = extensions.getExtension(`imagemixer.${name}`);
    if (extension.isActive) throw new Error(`${name} was active before`);
    const start = performance.now();
    await extension.activate();
    times[name] = performance.now() - start;
  }
  appendFileSync(file, `${JSON.stringify(times)}\n`);
};
