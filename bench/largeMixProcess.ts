// Mixes JPEG files to a square result: node largeMixProcess.ts SIDE FILE …   Writes the JSON of `measuredSchema`.
import { engineOnFiles } from './engineOnFiles.ts';

const [side, ...paths] = process.argv.slice(2);
const engine = await engineOnFiles(paths);
const runs: number[] = [];
await engine.run('warm', { side: 256 });
for (let run = 0; run < 3; run++) {
  const start = performance.now();
  await engine.run(`large ${run}`, { side: Number(side) });
  runs.push(performance.now() - start);
}
await engine.dispose();
process.stdout.write(JSON.stringify({ runs, peakBytes: process.resourceUsage().maxRSS * 1024 }));
