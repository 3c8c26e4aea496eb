import { type Scenario, scenario } from '../scenario.ts';

/** What gets lost on the way. */
export const losses: readonly Scenario[] = [
  scenario('restart-while-running', 'the process restarts at the 2nd step, once', 'upload and submit again', {
    fault: { kind: 'restart', step: 2 },
  }),
  scenario(
    'restart-while-pending',
    'the process restarts right after accepting a prompt, once',
    'upload and submit again',
    {
      fault: { kind: 'restart-on-arrival' },
    },
  ),
  scenario('lost-history', 'the history is cleared as soon as a prompt is in it, once', 'submit again, or report it', {
    fault: { kind: 'forget-history' },
  }),
  scenario('late-history', 'two requests for the history after `execution_success` are answered `{}`', 'ask again', {
    lateHistory: 2,
  }),
  scenario(
    'outputs-removed',
    'the result files are removed as soon as the history names them, once',
    'force a new run',
    {
      fault: { kind: 'remove-outputs' },
    },
  ),
  scenario(
    'cached-outputs-omitted',
    'the history of prompts without a client id leaves out cached outputs',
    'send a client id',
    {
      omitsCachedOutputs: true,
    },
  ),
  scenario('lost-reply', 'a prompt is accepted, but the connection breaks before the reply, once', 'look for its id', {
    fault: { kind: 'lose-reply' },
  }),
  scenario('cut-cancel', 'the connection of a request that cancels breaks before it is read, once', 'cancel again', {
    fault: { kind: 'cut-cancel' },
  }),
  scenario('late-reply', 'the reply to a prompt comes only after it has finished, once', 'use the events before it', {
    fault: { kind: 'late-reply' },
  }),
  scenario('sockets-dropped', 'all sockets close at the 1st step, once', 'reconnect; poll meanwhile', {
    fault: { kind: 'drop-sockets', step: 1 },
  }),
  scenario(
    'reconnect-drops-new-socket',
    'open sockets fall silent at the 1st step; when a client opens a new one, the old one closes, and the new one gets nothing',
    'poll',
    { fault: { kind: 'silence-sockets', step: 1 } },
  ),
];
