// Our part of an XMP packet (ISO 16684-1): one rdf:Description with one element per text.

const namespace = 'urn:image-mixer:';
const own = new RegExp(`<rdf:Description rdf:about="" xmlns:mixer="${namespace}">.*?</rdf:Description>`, 'gs');
const emptyPacket =
  '<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">' +
  '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta><?xpacket end="w"?>';

/** Characters that XML 1.0 can't contain even as references, and carriage returns, which parsers turn into line feeds. */
const forbidden = /[^\t\n\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/**
 * Replaces our texts in a packet and keeps the rest of it. Characters that XML can't contain become `\uXXXX`, which JSON
 * parses back.
 */
export function writeXmp(packet: string | undefined, texts: Readonly<Record<string, string>>): string {
  const elements = Object.entries(texts).map(([name, text]) => `<mixer:${name}>${escapeText(text)}</mixer:${name}>`);
  const description = `<rdf:Description rdf:about="" xmlns:mixer="${namespace}">${elements.join('')}</rdf:Description>`;
  const base = packet?.includes('</rdf:RDF>') ? packet.replace(own, '') : emptyPacket;
  const end = base.lastIndexOf('</rdf:RDF>');
  return base.slice(0, end) + description + base.slice(end);
}

/** One of our texts in a packet, or undefined. */
export function readXmp(packet: string, name: string): string | undefined {
  const text = new RegExp(`<mixer:${name}>(.*?)</mixer:${name}>`, 's').exec(packet)?.[1];
  return text?.replace(/&(lt|gt|amp);/g, (_, entity: keyof typeof entities) => entities[entity]);
}

const entities = { lt: '<', gt: '>', amp: '&' } as const;

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(forbidden, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
