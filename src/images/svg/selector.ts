import { AttributeAction, parse, SelectorType, type Selector as Token } from 'css-what';

/** One of the selectors of a rule, before its commas. */
export interface Selector {
  readonly tokens: readonly Token[];
  /** Ids, then classes, then names, as one number. */
  readonly specificity: number;
  /** What of it isn't known. An element is then matched as if that part weren't there. */
  readonly unknown: string | undefined;
}

/** Pseudo-classes that never match in an image. */
export const neverMatches =
  /^(?:hover|focus(?:-\w+)*|active|visited|target(?:-\w+)*|checked|disabled|enabled|before|after|first-line|first-letter|playing|paused|fullscreen|indeterminate|default|required|optional|valid|invalid|read-write|placeholder-shown|autofill|modal|host)$/;
const lists = new Set(['is', 'where', 'matches', '-webkit-any', 'not', 'has']);
/** Pseudo-classes for the place of an element among others. */
export const positions = new Set([
  'first-child',
  'last-child',
  'only-child',
  'first-of-type',
  'last-of-type',
  'only-of-type',
  'nth-child',
  'nth-last-child',
  'nth-of-type',
  'nth-last-of-type',
]);
const others = new Set(['root', 'scope', 'empty', 'link', 'any-link', 'defined', 'read-only']);

/** The selectors of a rule. None if one of them is wrong, because then the rule doesn't count. */
export function parseSelectors(text: string): Selector[] {
  try {
    return parse(text).map((tokens) => ({
      tokens,
      specificity: specificityOf(tokens),
      unknown: tokens.map(unknownPart).find((part) => part !== undefined),
    }));
  } catch (error) {
    if (error instanceof Error) return []; // the parser throws nothing more specific
    throw error;
  }
}

/** Whether a pseudo-class has selectors in brackets. */
export const isList = (data: unknown): data is Token[][] => Array.isArray(data);

function unknownPart(token: Token): string | undefined {
  if (token.type === SelectorType.ColumnCombinator || token.type === SelectorType.Parent) return 'CSS selector ||';
  if (token.type !== SelectorType.Pseudo) return undefined;
  if (isList(token.data)) {
    const inner = lists.has(token.name) ? token.data.flat().map(unknownPart) : [`:${token.name}`];
    return inner.find((part) => part !== undefined);
  }
  if (positions.has(token.name)) return token.data?.includes('of') ? `:${token.name}(… of …)` : undefined;
  return others.has(token.name) || neverMatches.test(token.name) ? undefined : `:${token.name}`;
}

function specificityOf(tokens: readonly Token[]): number {
  return tokens.reduce((sum, token) => {
    switch (token.type) {
      case SelectorType.Attribute:
        return (
          sum +
          (token.name === 'id' && token.action === AttributeAction.Equals && token.ignoreCase === 'quirks' ? 1e6 : 1e3)
        );
      case SelectorType.Tag:
      case SelectorType.PseudoElement:
        return sum + 1;
      case SelectorType.Pseudo:
        if (token.name === 'where') return sum;
        if (!isList(token.data)) return sum + 1e3;
        return sum + Math.max(0, ...token.data.map(specificityOf));
      default:
        return sum;
    }
  }, 0);
}
