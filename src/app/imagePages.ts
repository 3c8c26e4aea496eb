/** Turns the URL of a page that shows one image into the URL of the image. Undefined if it isn't such a page. */
type PageRule = (url: URL) => string | undefined;

type PathRule = readonly [page: RegExp, raw: string];

const gitHosts: Readonly<Record<string, PathRule>> = {
  'github.com': [/^\/([^/]+\/[^/]+)\/blob\//, '/$1/raw/'],
  'gist.github.com': [/^\/([\w-]+\/[0-9a-f]{20,}(?:\/[0-9a-f]{40})?)\/?$/, '/$1/raw'],
  'gitee.com': [/^\/([^/]+\/[^/]+)\/blob\//, '/$1/raw/'],
  'bitbucket.org': [/^\/([^/]+\/[^/]+)\/src\//, '/$1/raw/'],
  'git.sr.ht': [/^\/(~[^/]+\/[^/]+)\/tree\/(.+?)\/item\//, '/$1/blob/$2/'],
  'huggingface.co': [/^\/((?:(?:datasets|spaces)\/)?[^/]+\/[^/]+)\/blob\//, '/$1/resolve/'],
};

/** GitLab, Gitea and Forgejo run on many hosts, and their paths are like no others. */
const gitServers: readonly PathRule[] = [
  [/^\/(.+?)\/-\/blob\//, '/$1/-/raw/'],
  [/^\/([^/]+\/[^/]+)\/src\/(branch|commit|tag)\/(?=[^/]+\/)/, '/$1/raw/$2/'],
];

/** Sites answer under both names. */
const siteOf = ({ hostname }: URL) => hostname.replace(/^www\./, '');

const gitFile: PageRule = (url) => {
  const { origin, pathname, search } = url;
  const known = gitHosts[siteOf(url)];
  for (const [page, raw] of known ? [known] : gitServers) {
    if (page.test(pathname)) return `${origin}${pathname.replace(page, raw)}${search}`;
  }
  return undefined;
};

/** Only a link to a file: folders have `/sh/` or `/scl/fo/`. */
const dropbox: PageRule = (url) => {
  if (siteOf(url) !== 'dropbox.com' || !/^\/(?:s|scl\/fi)\//.test(url.pathname)) return undefined;
  if (url.searchParams.has('raw') || url.searchParams.get('dl') === '1') return undefined;
  url.searchParams.delete('dl');
  url.searchParams.set('raw', '1');
  return url.href;
};

const googleDrive: PageRule = ({ hostname, pathname, searchParams }) => {
  if (hostname !== 'drive.google.com') return undefined;
  const id =
    /^\/file\/(?:u\/\d+\/)?d\/([\w-]+)/.exec(pathname)?.[1] ?? (pathname === '/open' && searchParams.get('id'));
  if (!id) return undefined;
  const key = searchParams.get('resourcekey');
  const query = new URLSearchParams({ export: 'download', id, ...(key ? { resourcekey: key } : {}) });
  return `https://drive.google.com/uc?${query}`;
};

/** Every wiki of Wikimedia finds a file of Wikimedia Commons under this address, whatever the wiki's language. */
const wikimedia: PageRule = ({ origin, hostname, pathname, hash }) => {
  if (!/(?:^|\.)(?:mediawiki|wikt?i[a-z]+)\.org$/.test(hostname)) return undefined;
  // Each language has its own word for `File`.
  const page = /^\/wiki\/[^/:]+?(?::|%3A)([^/]+\.(?:png|jpe?g|gif|svg|webp|tiff?))$/i.exec(pathname);
  const file = (/^#\/media\/[^/:]+:([^/]+)$/.exec(hash) ?? page)?.[1];
  return file === undefined ? undefined : `${origin}/wiki/Special:FilePath/${file}`;
};

const microsoft: PageRule = (url) => {
  const { hostname, pathname, searchParams } = url;
  if (hostname === 'onedrive.live.com' && pathname === '/embed') {
    return `${url.origin}/download${url.search}`;
  }
  if (!hostname.endsWith('.sharepoint.com') || !pathname.startsWith('/:i:/')) return undefined;
  if (searchParams.get('download') === '1') return undefined;
  searchParams.set('download', '1');
  return url.href;
};

/** What a search engine links to, when the address of a found image is copied. */
const searchResult: PageRule = (url) => {
  const { pathname, searchParams } = url;
  const isGoogle = /^google\.[a-z]{2,3}(?:\.[a-z]{2})?$/.test(siteOf(url)) && pathname === '/imgres';
  const isBing = siteOf(url) === 'bing.com' && pathname.startsWith('/images/');
  const image = isGoogle ? searchParams.get('imgurl') : isBing ? searchParams.get('mediaurl') : null;
  return image !== null && /^https?:\/\//i.test(image) && URL.canParse(image) ? image : undefined;
};

const imgur: PageRule = (url) => {
  const id = /^(?:m\.)?imgur\.com$/.test(siteOf(url)) ? /^\/(\w{7})$/.exec(url.pathname)?.[1] : undefined;
  return id === undefined ? undefined : `https://i.imgur.com/${id}.png`; // the content decides, not the extension
};

const unsplash: PageRule = (url) => {
  if (siteOf(url) !== 'unsplash.com') return undefined;
  const id = /^\/photos\/(?:[\w-]*-)?([\w-]{11})\/?$/.exec(url.pathname)?.[1];
  return id === undefined ? undefined : `https://unsplash.com/photos/${id}/download?force=true`;
};

/** Each may lead to a page that another one knows. None leads back. */
const rules = [gitFile, dropbox, googleDrive, wikimedia, microsoft, searchResult, imgur, unsplash];

/**
 * The URL of the image that a page of a well-known site stands for, such as a file of GitHub or Dropbox, or a search result.
 * Any other http(s) URL is returned verbatim.
 */
export function imageUrlOf(address: string): string {
  for (const rule of rules) {
    const found = rule(new URL(address));
    if (found !== undefined && found !== address) return imageUrlOf(found);
  }
  return address;
}
