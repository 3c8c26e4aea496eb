import type { GraphNode } from './graph.ts';

/** An error of a node with the name of a Python exception. */
export class NodeFailure extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** What `execution_error` says of an error. Like the real one, it has paths and inputs of the server in it. */
export function detailsOf(error: Error, { inputs }: GraphNode): Readonly<Record<string, unknown>> {
  const type = error instanceof NodeFailure ? error.type : 'Exception';
  return {
    exception_message: error.message,
    exception_type: type,
    traceback: ['  File "/srv/ComfyUI/execution.py", line 496, in execute\n', `${type}: ${error.message}\n`],
    current_inputs: Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, [value]])),
  };
}
