import { MixFailure } from '../mix/failure.ts';
import { expandEntities } from './svg/entities.ts';
import { scanXmp, type TextRange } from './xmpScan.ts';

// Our part of an XMP packet (ISO 16684-1): one rdf:Description with one element per text.

const namespace = 'urn:image-mixer:';
const rdfNamespace = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
const emptyPacket =
  '<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">' +
  `<rdf:RDF xmlns:rdf="${rdfNamespace}"></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`;

/** Characters that XML 1.0 can't contain even as references, and carriage returns, which parsers turn into line feeds. */
const forbidden = /[^\t\n\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/**
 * Replaces our texts in a packet, whatever form another tool gave them, and keeps the rest of it. A packet that isn't well-formed is
 * replaced. Characters that XML can't contain become `\uXXXX`, which JSON parses back.
 */
export function writeXmp(packet: string | undefined, texts: Readonly<Record<string, string>>): string {
  const { rdf, ranges } = scanXmp(packet ?? '', namespace);
  if (packet === undefined || !rdf) return writeXmp(emptyPacket, texts);
  const elements = Object.entries(texts).map(([name, text]) => `<mixer:${name}>${escapeText(text)}</mixer:${name}>`);
  const prefix = rdf.name === 'rdf:RDF' ? '' : ` xmlns:rdf="${rdfNamespace}"`;
  const description = `<rdf:Description${prefix} rdf:about="" xmlns:mixer="${namespace}">${elements.join('')}</rdf:Description>`;
  const { start, end } = rdf.tag;
  const endTag = rdf.isEmpty ? `</${rdf.name}>` : packet.slice(start, end);
  const startTag = rdf.isEmpty ? `${packet.slice(start, end - 2)}>` : '';
  return without(packet.slice(0, start), ranges) + startTag + description + endTag + packet.slice(end);
}

/** One of our texts in a packet, or undefined. */
export function readXmp(packet: string, name: string): string | undefined {
  return readXmpProperty(packet, namespace, name);
}

/** The text of a property in a packet, or undefined. */
export function readXmpProperty(packet: string, uri: string, name: string): string | undefined {
  return scanXmp(withoutEntities(packet), uri).properties.find((property) => property.name === name)?.value;
}

/** The parser knows no entities but XML's own. A packet that abuses them is read without. */
function withoutEntities(packet: string): string {
  try {
    return expandEntities(packet).text;
  } catch (error) {
    if (!(error instanceof MixFailure)) throw error;
    return packet;
  }
}

/** A text without ranges of it, which are ordered by their ends. */
function without(text: string, ranges: readonly TextRange[]): string {
  const outermost: TextRange[] = [];
  for (const range of ranges) {
    while ((outermost.at(-1)?.start ?? -1) >= range.start) outermost.pop();
    outermost.push(range);
  }
  let at = 0;
  let kept = '';
  for (const { start, end } of outermost) {
    kept += text.slice(at, start);
    at = end;
  }
  return kept + text.slice(at);
}

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(forbidden, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
