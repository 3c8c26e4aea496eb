import { buildAdapterGraph } from './adapterGraph.ts';
import type { BuiltGraph, GraphMix, ModelPlan } from './graph.ts';
import { buildReduxGraph } from './reduxGraph.ts';

/** The built-in graph for the models of a plan. */
export function buildGraph(plan: ModelPlan, mix: GraphMix): BuiltGraph {
  switch (plan.kind) {
    case 'adapter':
      return buildAdapterGraph(plan, mix);
    case 'redux':
      return buildReduxGraph(plan, mix);
  }
}
