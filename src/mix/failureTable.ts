/**
 * Every way a mix can fail, with its sentence in English: `code`, or `code/reason` if a code has several causes.
 * The types of failures come from this table, so a failure without a sentence, or without the values that its sentence needs,
 * doesn't compile. The codes are public: scripts compare against them.
 */
export const failureTable = {
  'invalid-recipe': 'This is not a valid recipe.',
  'invalid-recipe/not-a-recipe': 'A recipe must be a JSON object with a list of images.',
  'invalid-recipe/no-images': 'There is no image to mix. Add at least one.',
  'invalid-recipe/nothing-enabled': 'No image is switched on. Switch on at least one.',
  'invalid-recipe/no-weight': 'Every weight is 0. Give at least one image a weight above 0.',
  'invalid-recipe/too-many-images':
    'There are {count} images, and this engine takes at most {max}. Remove some or switch them off.',
  'invalid-recipe/prompt-required': 'The hosted service needs a prompt. Say what the picture should show.',
  'invalid-recipe/out-of-range': '{field} is {value}. Enter a number from {min} to {max}.',
  'invalid-recipe/bad-value': '{field} can not be {value}. Correct it in the recipe.',
  'invalid-recipe/bad-source': 'The source {value} is neither a path nor an http(s) address. Use one of these.',
  'invalid-recipe/no-file': 'The recipe {file} can not be read. Check that it exists.',
  'invalid-recipe/no-json': 'The recipe {file} is not valid JSON: {detail}',
  'invalid-recipe/none-in-image': 'This picture carries no recipe. Only pictures saved by Image Mixer do.',
  'unsupported-image': '{format} can not be read. Save it as PNG, JPEG, WebP, GIF, AVIF, TIFF or SVG.',
  'unsupported-image/not-an-image-file':
    'It does not look like an image by its name and was left out. Use PNG, JPEG, WebP, GIF, AVIF, TIFF or SVG.',
  'unsupported-image/not-a-picture':
    'The file is no picture, whatever its name says. Use PNG, JPEG, WebP, GIF, AVIF, TIFF or SVG.',
  'unsupported-image/url-no-picture':
    'What {url} answers with is no picture. Use the address of the picture itself, not of a page that shows it.',
  'unreadable-image': 'The picture can not be read. Check the file, or replace it.',
  'unreadable-image/empty': 'The file is empty. Replace it.',
  'unreadable-image/missing': 'The file is not there any more. Put it back, or remove the image from the mix.',
  'unreadable-image/folder': 'This is a folder. Choose a picture in it.',
  'unreadable-image/no-file': 'This is no regular file. Choose a picture.',
  'unreadable-image/denied': 'The file may not be read. Check its permissions.',
  'unreadable-image/read-error': 'The file could not be read to its end. Check the disk or the network drive.',
  'unreadable-image/truncated': 'The picture is cut off: a part of the file is missing. Replace it with a whole copy.',
  'unreadable-image/damaged':
    'The picture is damaged, or of a rare kind. Save it anew in another program, then try again.',
  'unreadable-image/decoder-hung':
    'The picture took longer than {seconds} s to read and was given up. Use a smaller or simpler copy.',
  'unreadable-image/decoder-crashed': 'The picture brought its decoder down. Save it anew in another program.',
  'unreadable-image/no-decoder': 'The part that reads pictures did not start. Reload the window and try again.',
  'unreadable-image/url-status': '{url} answers with HTTP {status}. Check the address.',
  'image-too-large': 'The picture has too many pixels to be opened safely. Use a copy of at most 100 megapixels.',
  'image-too-large/bytes': 'The file has {megabytes} MB; at most {max} MB are read. Use a smaller copy.',
  'blocked-address/result':
    'The service names {link} as the picture, which is on this machine or a private network and is not fetched. To allow it, turn on imageMixer.images.allowPrivateAddresses in your user settings.',
  'blocked-address':
    'The address {host} is on this machine or a private network and is not fetched. To allow it, turn on imageMixer.images.allowPrivateAddresses in your user settings.',
  'untrusted-workspace':
    'In Restricted Mode only the local engine runs, on images you pick yourself. Trust the workspace to do this.',
  'untrusted-workspace/network':
    'In Restricted Mode no image is fetched from the web. Trust the workspace, or use a file.',
  'upload-not-allowed':
    'Images of this workspace may not be uploaded to the hosted service. Allow it when asked or in imageMixer.hosted.uploads, or give the images by URL.',
  'no-api-key':
    'No API key is stored for {origin}. Run “Image Mixer: Set API Key”, or choose the local engine. You get a key from your account at the service.',
  'invalid-api-key':
    'The service does not accept the API key for {origin}. Check the key in your account there and run “Image Mixer: Set API Key”.',
  'invalid-request': 'The service refused the request: {message}. Correct it, then mix again.',
  'invalid-request/refused': 'The service refused the request: {message}',
  'invalid-request/image-not-fetched':
    'The service could not fetch one of the images ({message}). Check that the URLs can be opened by anyone, then mix again.',
  'invalid-request/unexpected': 'Something unexpected went wrong. The log has more.',
  'invalid-request/bad-options': 'The options must be { outputFolder?: Uri, engine?: "hosted" | "local" }.',
  'insufficient-credits':
    'Your account at {origin} has too few credits for this mix. Buy credits there, then mix again.',
  'plan-required': 'Your plan at {origin} does not include this. Choose a plan there that does, then mix again.',
  'rate-limited': 'The service takes no more requests just now ({message}). Wait {seconds} s, then mix again.',
  'rate-limited/duplicate':
    'The service takes the same request only every {seconds} s. Wait, or change the seed, then mix again.',
  'service-unavailable':
    'The service is not available just now ({message}). The request was not repeated; try again later.',
  'generation-failed': 'The picture could not be made. Try again, with another seed if it happens again.',
  'generation-failed/internal': 'Something unexpected went wrong: {detail}. Try again; the log has more.',
  'generation-failed/mixer-failed': 'The local mix failed. Try again; if it happens again, the log has more.',
  'generation-failed/mixer-crashed':
    'The local mix ran out of memory or broke down. Try a smaller size or fewer images.',
  'generation-failed/mixer-hung': 'A canceled local mix did not stop, so the local engine was restarted. Mix again.',
  'result-unavailable': 'The picture was made, but can not be fetched. Choose “Check again”.',
  'result-unavailable/no-pictures':
    'The service says it is done, but names no picture. Choose “Check again”; if there is none then, ask the service.',
  'result-unavailable/not-found':
    'The service no longer knows this mix ({message}). Results are kept there for a day at most; mix again.',
  'result-unavailable/network': 'The picture was made, but {link} can not be reached. Choose “Check again”.',
  'result-unavailable/unreadable-image':
    'The picture was made, but what {link} gives can not be read. Choose “Check again”.',
  'result-unavailable/unsupported-image': 'What {link} gives is no picture. Choose “Check again”.',
  'result-unavailable/image-too-large': 'The picture at {link} is too large to be fetched safely.',
  'result-unavailable/forgotten': 'This result is no longer in the list.',
  'unexpected-response':
    '{origin} gave an answer that can not be understood. Try again later; if it stays so, the service has changed.',
  'unexpected-response/no-endpoint':
    '{origin} has no Image Mixer at this address (HTTP {status}). Check imageMixer.hosted.baseUrl and imageMixer.hosted.dialect.',
  'unexpected-response/html':
    '{origin} answered with a web page instead of data (HTTP {status}). Check imageMixer.hosted.baseUrl.',
  'unexpected-response/empty': '{origin} sent an empty response (HTTP {status}). Try again later.',
  'unexpected-response/cut': '{origin} sent an incomplete response (HTTP {status}). Try again later.',
  'unexpected-response/shape':
    '{origin} sent a response in an unknown format (HTTP {status}). Check imageMixer.hosted.dialect, or try again later.',
  'unexpected-response/no-link': '{origin} took the upload but gave no link to it. Try again later.',
  'unexpected-response/too-large': '{origin} gave an answer too large to be read. Try again later.',
  'unexpected-response/redirected':
    '{origin} sends the request on to {target}. The key is not sent there; check imageMixer.hosted.baseUrl.',
  'interrupted/gateway-error':
    'A gateway of {origin} answered instead of the service, so it is not known whether the picture was made and charged. Look into your account there before you mix again.',
  'interrupted/no-answer':
    '{origin} took the request and did not answer in time, so it is not known whether the picture was made and charged. Look into your account there before you mix again.',
  'interrupted/connection-lost':
    'The connection to {origin} was lost after the request was sent, so it is unknown whether the image was generated and charged. Check your account there before you mix again.',
  'interrupted/answer-cut':
    'The response of {origin} was incomplete, so it is unknown whether the image was generated and charged. Check your account there before you mix again.',
  'interrupted/restarted':
    'The window closed while the request was on its way, so it is not known whether {origin} made and charged the picture. Look into your account there before you mix again.',
  'interrupted/state-lost':
    'What was noted of this mix can not be read any more, so it is not known whether the picture was made and charged. Look into your account at the service before you mix again.',
  interrupted:
    'The connection broke after the request was sent, so it is not known whether the service made and charged the picture. Look into your account there before you mix again.',
  timeout:
    'The service did not finish within {seconds} s. It may still do so: choose “Check again”. Nothing is paid twice by that.',
  network: '{host} can not be reached. Check the connection and the proxy settings, then try again.',
  'network/refused':
    '{host} refuses the connection. Check the address, the proxy settings and whether the service runs.',
  'network/bad-base-url':
    'imageMixer.hosted.baseUrl is no usable address. Enter one that begins with https:// and ends in /api.',
  'network/insecure-base-url':
    'imageMixer.hosted.baseUrl is plain http, and a key may not travel so. Use https (http is for this machine only).',
  'network/dns': 'The name {host} is not known. Check the address and the connection.',
  'network/timeout': '{host} does not answer in time. Try again later.',
  'network/certificate':
    'The certificate of {host} is not trusted, so nothing was sent. If your network inspects connections, have its certificate added to those of the system, or name it in NODE_EXTRA_CA_CERTS and restart.',
  'network/bad-proxy':
    '{setting} is no address of a proxy that can be used. Enter one that begins with http:// or https://, or remove it.',
  'network/proxy-auth':
    'The proxy asks for authorization, or does not accept what it was given (HTTP 407). Enter it in http.proxyAuthorization, or in the address of the proxy, as http://user:password@host.',
  'network/proxy-refused':
    'The proxy {proxy} does not connect to {host} (HTTP {status}). Ask whoever runs the proxy, or list {host} in http.noProxy.',
  'network/proxy-unreachable':
    'The proxy {proxy}, which leads to {host}, can not be reached. Check http.proxy, or HTTPS_PROXY and HTTP_PROXY of the environment.',
  'network/connection': 'The connection to {host} broke. Check the network, then try again.',
  'network/redirects': '{url} leads from one address to the next without end. Use the final address.',
  'network/url-status': '{host} answers with HTTP {status}. Try again later.',
  'save-failed': 'The picture can not be saved in {path}. Check that the folder can be written to.',
  'save-failed/storage':
    'The notes about the job can not be written ({detail}), so it was not started. Check the disk, then try again.',
  'save-failed/exists': 'There is a file at {path} already, and it is never written over. Try again.',
  'save-failed/disk-full': 'The disk is full: {path} was not saved. Make room, then try again.',
  'save-failed/read-only':
    'The folder of {path} may not be written to. Change its permissions or imageMixer.output.folder, then try again.',
  'save-failed/no-folder': 'The folder of {path} can not be made: something else is in its place.',
  'save-failed/write-error': '{path} could not be written ({detail}). Try again.',
  'save-failed/folder-outside':
    'The folder {folder} lies outside the workspace folder. Choose one inside it in imageMixer.output.folder.',
  'save-failed/not-deleted': '{path} can not be deleted ({detail}). Check its permissions.',
} as const;

/** A failure by its place in the table: `network`, `network/dns`. */
export type FailureKey = keyof typeof failureTable;
/** The public part of a failure: `network`. */
export type FailureCode = Exclude<FailureKey, `${string}/${string}`>;

/** Whether a text is a key of the table. */
export function isFailureKey(key: string): key is FailureKey {
  return Object.hasOwn(failureTable, key);
}

/** Every code, in the order of the table. */
export const failureCodes: readonly FailureCode[] = Object.keys(failureTable).filter(
  (key): key is FailureCode => isFailureKey(key) && !key.includes('/'),
);
