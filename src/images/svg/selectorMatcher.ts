import { AttributeAction, type AttributeSelector, SelectorType, type Selector as Token } from 'css-what';
import nthCheck from 'nth-check';
import { MixFailure } from '../../mix/failure.ts';
import { isList, neverMatches, positions, type Selector } from './selector.ts';
import type { SvgElement } from './svgTree.ts';

/** The most steps in which the selectors of a document are matched: a few seconds of work. */
const maxSteps = 20e6;

/** Matches elements of a document. */
export class SelectorMatcher {
  #steps = 0;
  readonly #positions = new WeakMap<SvgElement, Positions>();
  #outermost: SvgElement | undefined;

  /**
   * @param outermost if set, what is around this element counts for nothing.
   * @throws MixFailure `unreadable-image/svg-too-complex` if a document takes too long.
   */
  matches(element: SvgElement, { tokens }: Selector, outermost?: SvgElement): boolean {
    this.#outermost = outermost;
    return this.#matchesTo(element, tokens, tokens.length - 1);
  }

  /** Whether an element matches the tokens up to one of them. */
  #matchesTo(element: SvgElement, tokens: readonly Token[], last: number, scope?: SvgElement): boolean {
    for (let at = last; at >= 0; at--) {
      if (++this.#steps > maxSteps) throw new MixFailure('unreadable-image/svg-too-complex');
      const token = tokens[at];
      if (!token) break;
      const next = related(token.type, element, this.#outermost);
      if (next) {
        for (const other of next) {
          if (at === 0 ? other === scope : this.#matchesTo(other, tokens, at - 1, scope)) return true;
          if (++this.#steps > maxSteps) throw new MixFailure('unreadable-image/svg-too-complex');
        }
        return false;
      }
      if (!this.#matchesOne(element, token)) return false;
    }
    return true;
  }

  #matchesOne(element: SvgElement, token: Token): boolean {
    switch (token.type) {
      case SelectorType.Tag:
        return token.name === element.name;
      case SelectorType.Attribute:
        return matchesAttribute(element.attributes.get(token.name), token);
      case SelectorType.Pseudo:
        return this.#matchesPseudo(element, token.name, token.data);
      case SelectorType.PseudoElement:
        return false;
      default:
        return true;
    }
  }

  #matchesPseudo(element: SvgElement, name: string, data: string | Token[][] | null): boolean {
    if (isList(data)) return this.#matchesList(element, name, data);
    if (neverMatches.test(name)) return false;
    if (name === 'root' || name === 'scope') return element.parent === undefined;
    if (name === 'link' || name === 'any-link') return element.name === 'a' && element.attributes.has('href');
    if (name === 'empty') return element.children.every((child) => child === '');
    return positions.has(name) ? this.#hasPosition(element, name, data ?? '') : true;
  }

  #matchesList(element: SvgElement, name: string, list: Token[][]): boolean {
    const matches = (tokens: Token[]) => this.#matchesTo(element, tokens, tokens.length - 1);
    if (name === 'not') return !list.some(matches);
    if (name !== 'has') return list.some(matches);
    return list.some((tokens) => {
      const isRelative = related(tokens[0]?.type, element) !== undefined;
      const relative: Token[] = isRelative ? tokens : [{ type: SelectorType.Descendant }, ...tokens];
      const inside = element.parent && isSiblingOf(tokens) ? element.parent : element;
      return descendants(inside).some((other) => this.#matchesTo(other, relative, relative.length - 1, element));
    });
  }

  #hasPosition(element: SvgElement, name: string, formula: string): boolean {
    const { index, count, typeIndex, typeCount } = this.#positionsOf(element);
    const [at, of] = name.endsWith('of-type') ? [typeIndex, typeCount] : [index, count];
    if (name.startsWith('first')) return at === 1;
    if (name.startsWith('last')) return at === of;
    if (name.startsWith('only')) return of === 1;
    return nthCheck(formula)((name.startsWith('nth-last') ? of - at + 1 : at) - 1);
  }

  /** Counted once for all children of an element. */
  #positionsOf(element: SvgElement): Positions {
    const known = this.#positions.get(element);
    if (known) return known;
    const siblings = element.parent ? childElements(element.parent) : [element];
    const counts = new Map<string, number>();
    const found = siblings.map((sibling) => {
      const typeIndex = (counts.get(sibling.name) ?? 0) + 1;
      counts.set(sibling.name, typeIndex);
      return { sibling, typeIndex };
    });
    for (const { sibling, typeIndex } of found) {
      const typeCount = counts.get(sibling.name) ?? 1;
      this.#positions.set(sibling, { index: sibling.index, count: siblings.length, typeIndex, typeCount });
    }
    return this.#positions.get(element) ?? { index: 1, count: 1, typeIndex: 1, typeCount: 1 };
  }
}

interface Positions {
  readonly index: number;
  readonly count: number;
  readonly typeIndex: number;
  readonly typeCount: number;
}

/**
 * The elements that a combinator leads to, from right to left. Undefined for what isn't a combinator.
 * @param outermost where they end.
 */
function related(
  type: SelectorType | undefined,
  element: SvgElement,
  outermost?: SvgElement,
): Iterable<SvgElement> | undefined {
  const isEnd = element === outermost;
  switch (type) {
    case SelectorType.Descendant:
      return isEnd ? [] : chain(element, 'parent', outermost);
    case SelectorType.Child:
      return element.parent && !isEnd ? [element.parent] : [];
    case SelectorType.Sibling:
      return isEnd ? [] : chain(element, 'previous', outermost);
    case SelectorType.Adjacent:
      return element.previous && !isEnd ? [element.previous] : [];
    default:
      return undefined;
  }
}

function* chain(
  element: SvgElement,
  link: 'parent' | 'previous',
  outermost: SvgElement | undefined,
): Generator<SvgElement> {
  for (let other = element[link]; other; other = other === outermost ? undefined : other[link]) yield other;
}

const isSiblingOf = (tokens: readonly Token[]) =>
  tokens[0]?.type === SelectorType.Sibling || tokens[0]?.type === SelectorType.Adjacent;
const childElements = ({ children }: SvgElement) => children.filter((child) => typeof child !== 'string');

function descendants(element: SvgElement): SvgElement[] {
  const found: SvgElement[] = childElements(element);
  for (let at = 0; at < found.length; at++) {
    const next = found[at];
    if (next) for (const child of childElements(next)) found.push(child);
  }
  return found;
}

function matchesAttribute(actual: string | undefined, token: AttributeSelector): boolean {
  if (actual === undefined) return false;
  const isLoose = token.ignoreCase === true;
  const fold = (text: string) => (isLoose ? text.toLowerCase() : text);
  const [text, wanted] = [fold(actual), fold(token.value)];
  switch (token.action) {
    case AttributeAction.Exists:
      return true;
    case AttributeAction.Equals:
      return text === wanted;
    case AttributeAction.Not:
      return text !== wanted;
    case AttributeAction.Element:
      return wanted !== '' && text.split(/\s+/).includes(wanted);
    case AttributeAction.Hyphen:
      return text === wanted || text.startsWith(`${wanted}-`);
    case AttributeAction.Start:
      return wanted !== '' && text.startsWith(wanted);
    case AttributeAction.End:
      return wanted !== '' && text.endsWith(wanted);
    case AttributeAction.Any:
      return wanted !== '' && text.includes(wanted);
  }
}
