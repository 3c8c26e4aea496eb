/** Characters that are drawn as images in a font of colors, so that no other font shows them as a browser does. */
const emoji = /\p{Emoji_Presentation}|\p{Emoji}(?=\uFE0F)/gu;
const maxCharacters = 20_000;

/** The text of a document, as far as fonts are concerned. */
export class DocumentText {
  isPresent = false;
  /** Names of font families, and keywords for generic ones. */
  readonly families = new Set<string>();
  /** As code points, up to a limit. */
  readonly characters = new Set<number>();
  /** Those of the characters that browsers draw in colors. */
  readonly emoji = new Set<number>();

  add(text: string): void {
    for (const [character] of text.matchAll(emoji)) this.emoji.add(character.codePointAt(0) ?? 0);
    for (const character of text) {
      if (this.characters.size >= maxCharacters) break;
      this.characters.add(character.codePointAt(0) ?? 0);
    }
  }
}
