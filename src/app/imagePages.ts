/** Turns the URL of a page that shows one image into the URL of the image. Undefined if it isn't such a page. */
type PageRule = (url: URL) => string | undefined;

const gitHosts: Readonly<Record<string, readonly [page: RegExp, raw: string]>> = {
  'github.com': [/^\/([^/]+\/[^/]+)\/blob\//, '/$1/raw/'],
  'www.github.com': [/^\/([^/]+\/[^/]+)\/blob\//, '/$1/raw/'],
  'gitlab.com': [/^\/(.+?)\/-\/blob\//, '/$1/-/raw/'],
  'codeberg.org': [/^\/([^/]+\/[^/]+)\/src\/(branch|commit|tag)\//, '/$1/raw/$2/'],
  'bitbucket.org': [/^\/([^/]+\/[^/]+)\/src\//, '/$1/raw/'],
};

const gitFile: PageRule = ({ origin, hostname, pathname, search }) => {
  const [page, raw] = gitHosts[hostname] ?? [];
  if (!page || raw === undefined || !page.test(pathname)) return undefined;
  return `${origin}${pathname.replace(page, raw)}${search}`;
};

/** Only a link to a file: folders have `/sh/` or `/scl/fo/`. */
const dropbox: PageRule = (url) => {
  if (!/^(?:www\.)?dropbox\.com$/.test(url.hostname) || !/^\/(?:s|scl\/fi)\//.test(url.pathname)) return undefined;
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
  if (!/(?:^|\.)(?:wikipedia|wikimedia)\.org$/.test(hostname)) return undefined;
  const file = /^(?:\/wiki|#\/media)\/(?:File|Image|Datei|Bild):(.+)$/.exec(hash || pathname)?.[1];
  return file === undefined ? undefined : `${origin}/wiki/Special:FilePath/${file}`;
};

/**
 * The URL of the image that a page of a well-known site stands for, such as a file of GitHub, Dropbox, Google Drive or Wikimedia.
 * Any other http(s) URL is returned verbatim.
 */
export function imageUrlOf(address: string): string {
  const url = new URL(address);
  if (url.port) return address;
  for (const rule of [gitFile, dropbox, googleDrive, wikimedia]) {
    const found = rule(new URL(url));
    if (found !== undefined) return found;
  }
  return address;
}
