import * as vscode from 'vscode';
import type { JobRunner } from '../jobs/runner.ts';
import { type Draft, draftSchema, recipeOfDraft } from '../mix/draft.ts';
import { MixFailure } from '../mix/failure.ts';
import { recipeIssues } from '../mix/recipe.ts';
import type { Handlers } from '../protocol/channel.ts';
import type { HostContract, Problem } from '../protocol/contract.ts';
import type { AccountBalance } from '../app/accountBalance.ts';
import type { EngineChoice } from './engineChoice.ts';
import type { Added, ImageIntake } from './imageFiles.ts';
import { pickImages } from './imagePicker.ts';
import { viewOfJob } from '../app/jobView.ts';
import type { LinkTarget } from './linkTarget.ts';
import type { Mixes } from '../app/mixStarter.ts';
import { discardPicture } from './pictureBin.ts';
import type { Pictures } from '../app/imageLoader.ts';
import { PromptHistory } from './promptHistory.ts';
import { type Result, type Results, viewOf } from '../app/resultList.ts';
import { askForUrl } from './urlInput.ts';
import type { Words } from '../app/messages/messages.ts';

/** What the panel's handlers work with. */
export interface PanelServices {
  readonly words: Words;
  readonly engine: EngineChoice;
  readonly intake: ImageIntake;
  readonly pictures: Pictures;
  readonly results: Results;
  readonly mixes: Mixes;
  readonly runner: JobRunner;
  readonly memory: vscode.Memento;
  readonly balance: AccountBalance;
  readonly links: LinkTarget;
  /** The mix of a first run: the example images. */
  readonly firstDraft: () => Promise<Draft>;
}

/** Where the workspace's state keeps the panel's mix. */
export const draftKey = 'imageMixer.draft';

/** The answers to everything the panel may ask. */
export function panelHandlers(services: PanelServices): Handlers<HostContract> {
  const { words, engine, intake, pictures, results, mixes, runner, memory, links } = services;
  const prompts = new PromptHistory(memory);
  const result = async (id: string): Promise<Result> => {
    const found = await results.get(id);
    if (!found) throw new MixFailure('result-unavailable/forgotten');
    return found;
  };
  return {
    ready: async () => {
      void services.balance.refresh(); // the panel hears of it when it comes
      const kept = draftSchema.safeParse(memory.get(draftKey));
      const jobs = runner.jobs();
      return {
        strings: { ...words.strings },
        draft: kept.success ? kept.data : await services.firstDraft(),
        engine: await engine.view(),
        jobs: jobs.map((job) => viewOfJob(job, words)),
        results: (await results.all()).map(viewOf),
      };
    },
    pickImages: async () => intake.add((await pickImages(words, pictures)).map((uri) => uri.toString())),
    pickReplacement: async () => intake.add((await pickImages(words, pictures, false)).map((uri) => uri.toString())),
    askUrl: async () => {
      const url = await askForUrl(words);
      return intake.add(url === undefined ? [] : [url]);
    },
    addUris: ({ uris }) => intake.add(uris),
    addBytes: async ({ name, bytes }): Promise<Added> => ({
      images: [await intake.addBytes(name, bytes)],
      problems: [],
    }),
    thumbnail: async ({ uri, side }) => {
      const { bytes, mime, sourceWidth, sourceHeight } = await pictures.thumbnail(uri, side);
      return { bytes, mime, width: sourceWidth, height: sourceHeight };
    },
    pixels: async ({ uri, width, height }) => {
      const raster = await pictures.pixels(uri, width, height);
      return { width: raster.width, height: raster.height, data: new Uint8Array(raster.data.buffer) };
    },
    pickPrompt: async () => ({ prompt: (await prompts.pick(words)) ?? null }),
    saveDraft: async ({ draft }) => void (await memory.update(draftKey, draft)),
    mix: async ({ draft, randomSeed }) => {
      await memory.update(draftKey, draft);
      const problems: Problem[] = recipeIssues(recipeOfDraft(draft)).map((issue) =>
        words.problem(new MixFailure('invalid-recipe', issue)),
      );
      if (problems.length > 0) return { jobId: null, problems };
      try {
        const job = await mixes.startDraft({ ...draft, seed: draft.seed ?? randomSeed }, await engine.name());
        await prompts.add(draft.prompt);
        return { jobId: job.id, problems: [] };
      } catch (error) {
        return { jobId: null, problems: [words.problem(error)] };
      }
    },
    cancel: async ({ jobId }) => void (await runner.cancel(jobId)),
    dismiss: async ({ jobId }) => void (await runner.remove(jobId)),
    checkAgain: async ({ jobId }) => void (await runner.checkAgain(jobId)),
    openResult: async ({ id }) => open(await result(id)),
    revealResult: async ({ id }) => reveal(await result(id)),
    copyPath: async ({ id }) => {
      await vscode.env.clipboard.writeText((await result(id)).path);
      vscode.window.setStatusBarMessage(words.say('result.copied'), 3000);
    },
    picture: async ({ id }) => ({ bytes: await pictures.bytes(viewOf(await result(id)).uri) }),
    insertLink: async ({ id }) => ({ file: (await links.insert(await result(id))) ?? null }),
    deleteResult: async ({ id }) => {
      if (await discardPicture((await result(id)).path, words)) await results.forget(new Set([id]));
    },
    reuseSettings: async ({ id }) => ({ draft: (await result(id)).draft }),
    useAsSource: async ({ id }) => intake.add([vscode.Uri.file((await result(id)).path).toString()]),
    runCommand: async ({ command }) => {
      if (command === 'openSettings') {
        await vscode.commands.executeCommand('workbench.action.openSettings', '@ext:imagemixer.image-mixer');
      } else {
        await vscode.commands.executeCommand(`imageMixer.${command}`);
      }
    },
  };
}

async function open({ path }: Pick<Result, 'path'>): Promise<void> {
  await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(path), vscode.ViewColumn.Beside);
}

/** Shows a picture in the Explorer; one that lies outside the workspace opens instead. */
export async function reveal({ path }: Pick<Result, 'path'>): Promise<void> {
  const uri = vscode.Uri.file(path);
  if (vscode.workspace.getWorkspaceFolder(uri)) await vscode.commands.executeCommand('revealInExplorer', uri);
  else await vscode.commands.executeCommand('vscode.open', uri);
}
