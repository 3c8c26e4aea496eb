import { SelectorType } from 'css-what';
import type { Note } from './cssValues.ts';
import type { Selector } from './selector.ts';
import { SelectorMatcher } from './selectorMatcher.ts';
import { type Declaration, parseDeclarations, type StyleRule, type Stylesheet } from './stylesheet.ts';
import type { SvgElement } from './svgTree.ts';

/** An element that `use` elements refer to. */
export interface Copied {
  readonly original: SvgElement;
  /** Whether it's in a `defs` or `symbol`, so that only its copies are drawn. */
  readonly isOnlyCopied: boolean;
}

interface Candidate {
  readonly selector: Selector;
  readonly rule: StyleRule;
  readonly order: number;
}

/** Finds the declarations that apply to each element of a document, as a browser does. */
export class Cascade {
  readonly #matcher = new SelectorMatcher();
  readonly #candidates = new Map<string, Candidate[]>();
  readonly #layers: ReadonlyMap<string, number>;
  readonly #note: Note;

  constructor({ rules, layers }: Stylesheet, note: Note) {
    this.#note = note;
    this.#layers = new Map(inPrecedence(layers).map((layer, at) => [layer, at]));
    for (const [order, rule] of rules.entries()) {
      for (const selector of rule.selectors) {
        const key = keyOf(selector);
        const list = this.#candidates.get(key) ?? [];
        this.#candidates.set(key, list);
        list.push({ selector, rule, order });
      }
    }
  }

  /**
   * The declarations for an element, those that count more last. Notes those that depend on what isn't known.
   * @param copied what a `use` has copied around the element. In a copy, rules don't see what is around the original.
   */
  declarationsOf(element: SvgElement, copied?: Copied): Declaration[] {
    const outermost = copied?.isOnlyCopied ? copied.original : undefined;
    const candidates: Candidate[] = [];
    for (const candidate of this.#candidatesFor(element)) {
      const { selector, rule } = candidate;
      if (!this.#matcher.matches(element, selector, outermost)) continue;
      const isSame = !copied || copied.isOnlyCopied || this.#matcher.matches(element, selector, copied.original);
      if (!isSame) this.#note('use');
      const unknown = selector.unknown ?? rule.condition;
      if (unknown === undefined) candidates.push(candidate);
      else this.#note(unknown);
    }
    const matching = candidates
      .sort(
        (a, b) =>
          this.#layerOf(a.rule) - this.#layerOf(b.rule) ||
          a.selector.specificity - b.selector.specificity ||
          a.order - b.order,
      )
      .map(({ rule }) => rule);
    const own = parseDeclarations(element.attributes.get('style') ?? '');
    const important = (list: readonly Declaration[], is: boolean) =>
      list.filter(({ isImportant }) => isImportant === is);
    // Among important declarations, the first layer counts most.
    const reversed = [...matching].sort((a, b) => this.#layerOf(b) - this.#layerOf(a));
    return [
      ...matching.flatMap(({ declarations }) => important(declarations, false)),
      ...important(own, false),
      ...reversed.flatMap(({ declarations }) => important(declarations, true)),
      ...important(own, true),
    ];
  }

  #candidatesFor({ name, attributes }: SvgElement): Candidate[] {
    const classes = attributes.get('class')?.split(/\s+/) ?? [];
    const keys = ['*', name, `#${attributes.get('id')}`, ...new Set(classes.map((one) => `.${one}`))];
    return keys.flatMap((key) => this.#candidates.get(key) ?? []);
  }

  #layerOf({ layer }: StyleRule): number {
    return (layer === undefined ? undefined : this.#layers.get(layer)) ?? this.#layers.size;
  }
}

/** Layers by precedence, the lowest first: those inside of a layer count less than its own rules. */
function inPrecedence(layers: Iterable<string>): string[] {
  const inside = new Map<string, string[]>();
  for (const layer of layers) {
    const around = layer.slice(0, Math.max(0, layer.lastIndexOf('.')));
    const list = inside.get(around) ?? [];
    inside.set(around, list);
    list.push(layer);
  }
  const ordered = (around: string): string[] =>
    (inside.get(around) ?? []).flatMap((layer) => [...ordered(layer), layer]);
  return ordered('');
}

/** What an element must have to match: an id, a class or a name, as far as that can be told at a glance. */
function keyOf({ tokens }: Selector): string {
  let key = '*';
  for (let at = tokens.length - 1; at >= 0; at--) {
    const token = tokens[at];
    if (token?.type === SelectorType.Attribute && token.ignoreCase === 'quirks') {
      if (token.name === 'id') return `#${token.value}`;
      if (token.name === 'class') return `.${token.value}`;
    } else if (token?.type === SelectorType.Tag) key = token.name;
    else if (token && !isSimple(token.type)) break;
  }
  return key;
}

const isSimple = (type: SelectorType) =>
  type === SelectorType.Attribute ||
  type === SelectorType.Pseudo ||
  type === SelectorType.PseudoElement ||
  type === SelectorType.Universal;
