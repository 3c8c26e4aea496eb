/**
 * Every way a mix can fail, with its sentence in English: `code`, or `code/reason` if a code has several causes.
 * The types of failures come from this table, so a failure without a sentence, or without the values that its sentence needs,
 * doesn't compile. The codes are public: scripts compare against them.
 */
export const failureTable = {
  'invalid-recipe': "This recipe isn't valid.",
  'invalid-recipe/not-a-recipe': 'A recipe must be a JSON object with a list of images.',
  'invalid-recipe/no-images': 'There are no images to mix. Add at least one.',
  'invalid-recipe/nothing-enabled': 'All images are turned off. Turn on at least one.',
  'invalid-recipe/no-weight': 'All weights are 0. Give at least one image a weight above 0.',
  'invalid-recipe/too-many-images':
    '{count} images are turned on, but this engine takes at most {max}. Remove some or turn them off.',
  'invalid-recipe/prompt-required': 'The hosted service needs a prompt. Describe what the result should show.',
  'invalid-recipe/out-of-range': '{field} is {value}. Enter a number from {min} to {max}.',
  'invalid-recipe/side-over-limit':
    '{field} is {value}, but this engine makes results of at most {max} pixels. Enter a smaller number, or choose the local engine.',
  'invalid-recipe/bad-value': "{field} can't be {value}. Fix it in the recipe.",
  'invalid-recipe/bad-source': "{value} isn't a valid source. Use a file path or an http or https URL.",
  'invalid-recipe/bad-file-uri': "{value} isn't a valid file URI. Use a file path instead.",
  'invalid-recipe/file-host':
    '{value} means a file on the computer {host}, which works only on Windows. Use a path, or file:/// and an absolute path.',
  'invalid-recipe/data-source':
    'An image inside a recipe (data:) can be mixed, but not edited. Save it as a file and use its path.',
  'invalid-recipe/url-with-password':
    "The URL of this image has a user name or password, which isn't sent to the hosted service. Use a file, or another engine.",
  'invalid-recipe/no-file': "The recipe {file} can't be read. Check that the file exists.",
  'invalid-recipe/unreadable-file':
    "The recipe {file} can't be read ({detail}). Check that it's a file and that you have permission to read it.",
  'invalid-recipe/encoding': "The recipe {file} isn't text in UTF-8 or UTF-16. Save it as UTF-8.",
  'invalid-recipe/no-json': "The recipe {file} isn't valid JSON: {detail}",
  'invalid-recipe/none-in-image': "This image doesn't contain a recipe. Only results saved by Image Mixer do.",
  'invalid-recipe/workflow-too-large': 'The workflow {file} is larger than {max} MB. Export it without embedded files.',
  'invalid-recipe/workflow-unreadable':
    "The workflow {file} can't be read ({detail}). Check imageMixer.comfyui.workflow, and that you have permission to read the file.",
  'invalid-recipe/workflow-no-folder':
    'The workflow {file} is relative to the workspace folder, but no folder is open. Enter an absolute path in imageMixer.comfyui.workflow, or open the folder.',
  'invalid-recipe/workflow-no-json':
    "The workflow {file} isn't valid JSON. In ComfyUI, choose Export (API), and use that file.",
  'invalid-recipe/workflow-editor-format':
    "The workflow {file} has the format of the ComfyUI editor, which a server can't run. In ComfyUI, choose Export (API), and use that file.",
  'invalid-recipe/workflow-shape':
    "{file} isn't a ComfyUI workflow in API format. In ComfyUI, choose Export (API), and use that file.",
  'invalid-recipe/workflow-title':
    "The workflow {file} has a node titled {title}, which isn't known. Use mix:image, mix:weight, mix:prompt, mix:negative, mix:seed, mix:size, mix:steps, mix:guidance, or mix:output, and a number from 1 to {max} for images and weights.",
  'invalid-recipe/workflow-no-image':
    'No node of the workflow {file} is titled mix:image {number}. Give that title to the node that loads this image, then export the workflow again.',
  'invalid-recipe/workflow-input':
    "The node titled {title} in the workflow {file} doesn't have the input {input}. Give the title to a node that has it.",
  'invalid-recipe/workflow-too-many-images':
    '{count} images are turned on, but the workflow {file} has nodes for {max}. Turn some off, or add nodes titled mix:image.',
  'invalid-recipe/workflow-too-few-images':
    'The workflow {file} needs {count} images, because its image {number} has no weight. Turn on more images, or add a node titled mix:weight {number}.',
  'invalid-recipe/workflow-range':
    'The node titled {title} in the workflow {file} accepts {min} to {max} for {input}, but this mix sets it to {value}. Change the mix, or fix the workflow.',
  'invalid-recipe/workflow-output':
    'The workflow {file} has {count} nodes that save or show images. Give exactly one of them the title mix:output.',
  'invalid-recipe/workflow-no-output':
    "The node titled {title} in the workflow {file} doesn't save or show images. Give the title to one that does, such as Save Image.",
  'unsupported-image': "{format} files aren't supported. Save the image as PNG, JPEG, WebP, GIF, AVIF, TIFF, or SVG.",
  'unsupported-image/no-address':
    "This isn't the address of a file or of an image on the web, so it was skipped. Use a file, or an http or https URL.",
  'unsupported-image/not-an-image': "This file isn't a valid image. Use PNG, JPEG, WebP, GIF, AVIF, TIFF, or SVG.",
  'unsupported-image/url-not-an-image':
    "{url} didn't return an image. Use the URL of the image itself, not of a page that shows it.",
  'unsupported-image/png-cgbi':
    "This is Apple's PNG variant for iPhone apps (CgBI), which isn't supported. Open it on a Mac and save it as PNG again.",
  'unsupported-image/jpeg-lossless':
    "This is a lossless JPEG, which isn't supported. Save the image as PNG or as an ordinary JPEG.",
  'unsupported-image/jpeg-arithmetic':
    "This is a JPEG with arithmetic coding, which isn't supported. Save the image as PNG or as an ordinary JPEG.",
  'unsupported-image/jpeg-hierarchical':
    "This is a hierarchical JPEG, which isn't supported. Save the image as PNG or as an ordinary JPEG.",
  'unsupported-image/jpeg-precision':
    "This is a JPEG with {bits} bits per sample, which isn't supported. Save the image as PNG or as an ordinary JPEG.",
  'unsupported-image/tiff-compression':
    "This TIFF uses compression {compression}, which isn't supported. Save it without compression, with LZW, or as PNG.",
  'unsupported-image/tiff-color':
    "This TIFF uses color model {number}, which isn't supported. Save it in RGB, or as PNG.",
  'unsupported-image/tiff-samples':
    "This TIFF has samples of a kind that isn't supported ({bits}). Save it with 8 or 16 bits per sample, or as PNG.",
  'unsupported-image/hdr':
    "This is an HDR image (PQ or HLG), which isn't supported. Save it in the standard range (SDR).",
  'unreadable-image': "This image can't be read. Check or replace the file.",
  'unreadable-image/empty': 'This file is empty. Replace it.',
  'unreadable-image/missing': 'This file no longer exists. Restore it, or remove the image from the mix.',
  'unreadable-image/similar': 'This file no longer exists. Did you mean {similar}?',
  'unreadable-image/folder': 'This is a folder. Choose an image in it.',
  'unreadable-image/no-file': "This isn't a regular file. Choose an image.",
  'unreadable-image/denied': "You don't have permission to read this file. Check the file's permissions.",
  'unreadable-image/version':
    "VS Code can't read this version of the image ({detail}). Save it as a file, then add that.",
  'unreadable-image/read-error': "This file couldn't be read to the end. Check the disk or network drive.",
  'unreadable-image/truncated':
    'This image is incomplete: part of the file is missing. Replace it with a complete copy.',
  'unreadable-image/cut':
    'This image is cut off: only {percent}% of it is in the file. Replace it with a complete copy.',
  'unreadable-image/coarse':
    'This image is cut off: only a coarse version of it is in the file. Replace it with a complete copy.',
  'unreadable-image/damaged':
    'This image is damaged or uses an unusual encoding. Save it again in another app, then try again.',
  'unreadable-image/svg-malformed':
    "This SVG isn't well-formed XML: there's an error in line {line}. Fix it, or export the SVG again.",
  'unreadable-image/svg-entities':
    'The entities in this SVG expand to too much text. Export the SVG again without them.',
  'unreadable-image/svg-no-size': 'This SVG shows nothing: its width, height, or view box is 0. Fix its size.',
  'unreadable-image/svg-too-complex': 'This SVG is too complex to draw. Simplify it, or export it as PNG.',
  'unreadable-image/decoder-hung':
    "This image couldn't be read within {seconds} seconds. Use a smaller or simpler copy.",
  'unreadable-image/decoder-crashed': 'This image crashed the decoder. Save it again in another app, then try again.',
  'unreadable-image/no-decoder': "The image decoder didn't start. Reload the window, then try again.",
  'unreadable-image/url-login':
    "{url} requires signing in (HTTP 401). If a user name and password are enough, add the URL again with them, as in https://user:password@host/; they aren't saved. Otherwise, download the image in your browser and add the file.",
  'unreadable-image/url-forbidden':
    "{url} doesn't allow downloads by this program (HTTP 403). Download the image in your browser and add the file.",
  'unreadable-image/url-missing':
    "{url} doesn't exist (HTTP 404). Check the URL, or open it in your browser and copy it again.",
  'unreadable-image/url-gone': '{url} was removed for good (HTTP 410). Use another image.',
  'unreadable-image/url-encoding':
    "The response of {url} is compressed in a way that can't be read ({encoding}). Download the image in your browser and add the file.",
  'unreadable-image/url-status': '{url} returned HTTP {status}. Check the URL.',
  'image-too-large': 'This image has too many pixels to open safely. Use a copy of at most 100 megapixels.',
  'image-too-large/pixels':
    'This image has {width} × {height} pixels ({megapixels} megapixels), but the limit is {max} megapixels. Use a smaller copy.',
  'image-too-large/bytes': 'This file is {megabytes} MB, but the limit is {max} MB. Use a smaller copy.',
  'image-too-large/comfyui':
    "{server} doesn't accept uploads of this size (HTTP 413). Raise the limit of ComfyUI (--max-upload-size) or of the proxy in front of it.",
  'blocked-address/result':
    "The service's result link {link} points to this machine or a private network, so it wasn't downloaded. To allow this, turn on imageMixer.images.allowPrivateAddresses in your user settings.",
  'blocked-address':
    '{host} is on this machine or a private network, so nothing was downloaded from it. To allow this, turn on imageMixer.images.allowPrivateAddresses in your user settings.',
  'untrusted-workspace':
    'In Restricted Mode, only the local engine runs, and only on images you pick yourself. To do this, trust the workspace.',
  'untrusted-workspace/network':
    "In Restricted Mode, images aren't downloaded from the web. Trust the workspace, or use a file.",
  'upload-not-allowed':
    "Uploading images from this workspace to the hosted service isn't allowed. Allow it when asked or in imageMixer.hosted.uploads, or add the images by URL.",
  'no-api-key':
    "There's no API key for {origin}. Choose the local engine, or get a key from your account there and run “Image Mixer: Set API Key” to store it.",
  'no-api-key/no-answer':
    "VS Code's secret storage can't be read, so the API key for {origin} isn't known. Unlock the OS keyring, or run “Image Mixer: Set API Key” to use a key until this window closes. Then try again.",
  'invalid-api-key':
    "The service didn't accept the API key for {origin}. Check the key in your account there, then run “Image Mixer: Set API Key” again.",
  'invalid-api-key/comfyui':
    "{server} didn't accept the stored authorization (HTTP {status}). Run “Image Mixer: Set ComfyUI Authorization” and enter the whole header value, such as Bearer and a token.",
  'invalid-request': 'The service rejected the request: {message}. Fix the problem, then mix again.',
  'invalid-request/refused': 'The service rejected the request: {message}',
  'invalid-request/image-not-fetched':
    "The service couldn't download one of the images ({message}). Check that the URLs are public, then mix again.",
  'invalid-request/unexpected': 'An unexpected error occurred. See the log for details.',
  'invalid-request/bad-options':
    "The options aren't valid. Pass an object that can have outputFolder (a file Uri) and engine (hosted, comfyui, or local).",
  'invalid-request/comfyui':
    "{server} rejected the graph ({problem}). If you use your own workflow, run it in ComfyUI to see what's wrong.",
  'invalid-request/comfyui-node':
    "{server} rejected the graph: the node {node} can't use its input {input} ({problem}). If you use your own workflow, fix it in ComfyUI and export it again.",
  'insufficient-credits':
    "Your account at {origin} doesn't have enough credits for this mix. Buy credits there, then mix again.",
  'plan-required': "Your plan at {origin} doesn't include this. Switch to a plan that does, then mix again.",
  'rate-limited': "The service isn't accepting more requests right now ({message}). Wait {seconds} s, then mix again.",
  'rate-limited/duplicate':
    'The service accepts the same request only once every {seconds} s. Wait or change the seed, then mix again.',
  'service-unavailable': "The service isn't available right now ({message}). Try again later.",
  'service-unavailable/retry-after':
    "The service isn't available right now ({message}). Wait {seconds} s, then try again.",
  'service-unavailable/comfyui': '{server} reported an error (HTTP {status}). Check its console, or try again later.',
  'service-unavailable/comfyui-gateway':
    "ComfyUI at {server} isn't running or is still starting (HTTP {status}). Start it, or try again in a minute.",
  'service-unavailable/comfyui-none':
    'No ComfyUI server is set. Add its address to imageMixer.comfyui.servers, such as http://127.0.0.1:8188.',
  'generation-failed': 'The mix failed. Try again. If it keeps failing, try another seed.',
  'generation-failed/internal': 'An unexpected error occurred: {detail}. Try again, or see the log for details.',
  'generation-failed/mixer-failed': 'The local mix failed. Try again. If it keeps failing, see the log for details.',
  'generation-failed/mixer-crashed': 'The local mix ran out of memory or crashed. Try a smaller size or fewer images.',
  'generation-failed/no-memory':
    'This mix needs about {needed} MB of memory, but only {free} MB is free. Choose a smaller size or fewer images, or close other programs.',
  'generation-failed/mixer-hung': "A canceled local mix didn't stop, so the local engine was restarted. Mix again.",
  'generation-failed/comfyui-memory':
    '{server} ran out of memory. Choose a smaller size or fewer images, or close other programs there, then mix again.',
  'generation-failed/comfyui-node':
    'The node {node} failed on {server} ({problem}). See the console of ComfyUI for details, or try again.',
  'generation-failed/comfyui-interrupted': 'Someone interrupted this mix on {server}. Mix again if you still need it.',
  'generation-failed/comfyui-removed':
    'Someone removed this mix from the queue of {server}. Mix again if you still need it.',
  'generation-failed/comfyui-lost':
    '{server} lost this mix twice, for example because it restarted. Check its console, then mix again.',
  'generation-failed/comfyui-no-image':
    '{server} finished the mix without a result. If you use your own workflow, run it in ComfyUI to see whether it saves or shows an image.',
  'result-unavailable': "The result is ready, but it can't be downloaded. Choose “Check again” to retry.",
  'result-unavailable/no-results':
    "The service says the mix is done but returned no result. Choose “Check again”. If there's still no result, contact the service.",
  'result-unavailable/not-found':
    'The service no longer has this mix ({message}). It keeps results for up to a day. Mix again.',
  'result-unavailable/network': "The result is ready, but {link} can't be reached. Choose “Check again” to retry.",
  'result-unavailable/unreadable-image':
    "The result is ready, but the image at {link} can't be read. Choose “Check again” to retry.",
  'result-unavailable/unsupported-image': "{link} didn't return an image. Choose “Check again” to retry.",
  'result-unavailable/image-too-large': 'The result at {link} is too large to download safely.',
  'result-unavailable/comfyui':
    "The result is ready, but {server} didn't return an image that can be read. Choose “Check again” to retry.",
  'result-unavailable/nothing-to-check': "There's nothing left to check for this mix. Mix again.",
  'result-unavailable/elsewhere': 'Another window is already checking this mix.',
  'result-unavailable/forgotten': 'This result is no longer in the list.',
  'result-unavailable/unreadable-list':
    "The list of results can't be read ({detail}). The image files aren't affected. Check the disk, then reload the window.",
  'result-unavailable/unreadable-entries':
    "Some results can't be listed ({detail}). The image files aren't affected. Check the disk, then reload the window.",
  'unexpected-response':
    '{origin} returned an unexpected response. Try again later. If it keeps happening, the service may have changed.',
  'unexpected-response/no-endpoint':
    '{origin} has no Image Mixer endpoint at this URL (HTTP {status}). Check imageMixer.hosted.baseUrl and imageMixer.hosted.dialect.',
  'unexpected-response/html':
    '{origin} returned a web page instead of data (HTTP {status}). Check imageMixer.hosted.baseUrl.',
  'unexpected-response/empty': '{origin} returned an empty response (HTTP {status}). Try again later.',
  'unexpected-response/cut': '{origin} returned an incomplete response (HTTP {status}). Try again later.',
  'unexpected-response/shape':
    '{origin} returned a response in an unknown format (HTTP {status}). Check imageMixer.hosted.dialect, or try again later.',
  'unexpected-response/no-link': "{origin} accepted the upload but didn't return a link to it. Try again later.",
  'unexpected-response/too-large': "{origin} returned a response that's too large to read. Try again later.",
  'unexpected-response/redirected':
    "{origin} redirected the request to {target}. The API key wasn't sent there. Check imageMixer.hosted.baseUrl.",
  'unexpected-response/comfyui':
    "{server} returned an answer that isn't in ComfyUI's format. Update ComfyUI, or check imageMixer.comfyui.servers.",
  'unexpected-response/not-comfyui':
    "{server} isn't a ComfyUI server (HTTP {status}). Check imageMixer.comfyui.servers, including the path.",
  'unexpected-response/sign-in':
    '{server} requires signing in (HTTP {status}). Run “Image Mixer: Set ComfyUI Authorization”, or check imageMixer.comfyui.servers.',
  'unexpected-response/comfyui-forbidden':
    '{server} refused access (HTTP 403). Enter the address that ComfyUI prints when it starts in imageMixer.comfyui.servers, or check the authorization if a proxy is in front.',
  'unexpected-response/comfyui-old':
    '{server} runs ComfyUI {version}, which is too old. Update it to {minimum} or newer.',
  'interrupted/gateway-error':
    "A gateway at {origin} responded instead of the service, so it's unclear whether the mix ran and was charged. Check your account there before you mix again.",
  'interrupted/no-answer':
    "{origin} received the request but didn't respond in time, so it's unclear whether the mix ran and was charged. Check your account there before you mix again.",
  'interrupted/connection-lost':
    "The connection to {origin} was lost after the request was sent, so it's unclear whether the mix ran and was charged. Check your account there before you mix again.",
  'interrupted/answer-cut':
    "The response from {origin} was incomplete, so it's unclear whether the mix ran and was charged. Check your account there before you mix again.",
  'interrupted/restarted':
    "The window closed while the request was being sent, so it's unclear whether {origin} ran the mix and charged for it. Check your account there before you mix again.",
  'interrupted/state-lost':
    "The saved state of this mix can't be read, so it's unclear whether the service ran the mix and charged for it. Check your account there before you mix again.",
  interrupted:
    "The connection was lost after the request was sent, so it's unclear whether the service ran the mix and charged for it. Check your account there before you mix again.",
  'missing-model': "The server doesn't have a model that this mix needs.",
  'missing-model/file':
    "{server} doesn't have {file}. Download it from {source} into {folder} there, then run “Image Mixer: Check ComfyUI Server”.",
  'missing-model/pack':
    "{server} doesn't have the node pack {file}. Install it from {source} into {folder} there, restart ComfyUI, then run “Image Mixer: Check ComfyUI Server”.",
  'missing-model/checkpoint':
    "{server} doesn't have the checkpoint {file}. Put it into models/checkpoints there, or choose another one.",
  'missing-model/flux':
    "{server} doesn't have the Flux model {file}. Put it into models/diffusion_models there, or a checkpoint into models/checkpoints, or choose another one.",
  'missing-model/no-checkpoint':
    '{server} has no checkpoint that can mix images. Put an SDXL or SD 1.5 checkpoint into models/checkpoints there.',
  'missing-model/preset':
    "{preset} isn't a preset of the IP-Adapter for {file}. Choose another preset in imageMixer.comfyui.preset, or another checkpoint.",
  'missing-model/node':
    "{server} doesn't have the node {node}. Install the node pack that it belongs to, and restart ComfyUI.",
  'missing-model/value':
    "{server} doesn't have {value}, which is set as {input} of the node {node}. Add it there, or choose another one.",
  'missing-model/family':
    "{file} is neither an SDXL, an SD 1.5, nor a Flux model, so the built-in graph can't use it. Choose another one, or set your own workflow in imageMixer.comfyui.workflow.",
  'missing-model/at-run':
    '{server} found no {model} that fits this checkpoint and preset. Run “Image Mixer: Check ComfyUI Server” to see which file is missing.',
  timeout:
    "The service didn't finish within {seconds} seconds, but it still might. Choose “Check again” to look for the result. You won't be charged twice.",
  'timeout/comfyui':
    '{server} made no progress with this mix for {seconds} seconds. Choose “Check again” to look for the result, or restart ComfyUI if it hangs.',
  'timeout/comfyui-unseen':
    "{server} didn't finish this mix within {seconds} seconds. It may have made progress, which can't be seen because its WebSocket can't be reached. Choose “Check again” to look for the result.",
  network: "{host} can't be reached. Check your connection and proxy settings, then try again.",
  'network/refused':
    '{host} refused the connection. Check the address and proxy settings, and make sure that the service is running.',
  'network/bad-base-url':
    "imageMixer.hosted.baseUrl isn't a valid base URL. Enter one that starts with https:// and ends with /api.",
  'network/insecure-base-url':
    'imageMixer.hosted.baseUrl starts with http://, which would send your API key unencrypted. Use https://. Plain http is allowed only for this machine.',
  'network/dns': "{host} can't be found. Check the address and your connection.",
  'network/timeout': "{host} didn't respond in time. Try again later.",
  'network/certificate':
    "The certificate of {host} isn't trusted, so nothing was sent. If your network inspects connections, add its certificate to the ones your system trusts, or set NODE_EXTRA_CA_CERTS to the certificate file and restart.",
  'network/bad-proxy':
    "{setting} isn't a supported proxy address. Enter one that starts with http:// or https://, or remove it.",
  'network/proxy-auth':
    'The proxy requires authorization or rejected the credentials it was given (HTTP 407). Set http.proxyAuthorization, or add the credentials to the proxy address, as in http://user:password@host.',
  'network/proxy-refused':
    "The proxy {proxy} didn't connect to {host} (HTTP {status}). Contact your network administrator, or add {host} to http.noProxy.",
  'network/proxy-unreachable':
    "The proxy {proxy}, which is used for {host}, can't be reached. Check http.proxy, or the HTTPS_PROXY and HTTP_PROXY environment variables.",
  'network/connection': 'The connection to {host} was lost. Check your network, then try again.',
  'network/redirects': '{url} redirects too many times. Use the final URL.',
  'network/url-busy': '{host} gets too many requests (HTTP 429). Wait a few minutes, then try again.',
  'network/url-busy-seconds': '{host} gets too many requests (HTTP 429). Wait {seconds} s, then try again.',
  'network/bad-redirect': "{url} redirects to an address that isn't http or https. Use the URL of the image itself.",
  'network/url-status': '{host} returned HTTP {status}. Try again later.',
  'network/comfyui-refused':
    'No ComfyUI server answers at {server}. Start ComfyUI, or check imageMixer.comfyui.servers.',
  'network/comfyui-bad-url':
    'imageMixer.comfyui.servers contains an invalid address. Enter base URLs such as http://127.0.0.1:8188, without a user name, password, query, or fragment.',
  'network/comfyui-authorization':
    'IMAGE_MIXER_COMFYUI_SERVERS names servers of different origins, but IMAGE_MIXER_COMFYUI_AUTHORIZATION is for one of them. Mix with the servers of one origin at a time.',
  'network/comfyui-insecure-url':
    "{host} in imageMixer.comfyui.servers isn't on this machine or a private network, so plain http isn't allowed. Use https://.",
  'save-failed': "The result can't be saved to {path}. Check that the folder is writable.",
  'save-failed/storage':
    "The job didn't start because its state can't be saved ({detail}). Check the disk, then try again.",
  'save-failed/state':
    "The mix stopped because the extension's storage can't be written ({detail}). Free up disk space or check its permissions, then choose “Check again” if it's offered, or mix again.",
  'save-failed/copy':
    "The image can't be copied into the extension's storage ({detail}). Free up disk space or check the permissions, then add it again.",
  'save-failed/exists': "{path} already exists and wasn't overwritten. Try again.",
  'save-failed/disk-full': "{path} wasn't saved because the disk is full. Free up some space, then try again.",
  'save-failed/read-only':
    "You don't have permission to write to the folder of {path}. Change the folder's permissions or imageMixer.output.folder, then try again.",
  'save-failed/no-folder':
    "The folder of {path} can't be created because a file is in its place. Move the file or change imageMixer.output.folder, then try again.",
  'save-failed/cannot-create':
    "The folder of {path} doesn't exist and can't be created. Connect its drive or change imageMixer.output.folder, then try again.",
  'save-failed/name-too-long':
    '{path} is too long. Shorten imageMixer.output.fileName or imageMixer.output.folder, then try again.',
  'save-failed/too-many-files':
    "{path} wasn't saved because too many files are open. Close some programs, then try again.",
  'save-failed/not-supported':
    "The file system of {path} can't store this file ({detail}). Change imageMixer.output.folder, then try again.",
  'save-failed/disk-error':
    "{path} wasn't saved because the disk or network drive reported an error ({detail}). Check it, then try again.",
  'save-failed/write-error': "{path} couldn't be saved ({detail}). Check the folder, then try again.",
  'save-failed/folder-outside':
    'The folder {folder} is outside the workspace folder. Set imageMixer.output.folder to a folder inside it.',
  'save-failed/not-deleted': "{path} can't be deleted ({detail}). Check the file's permissions.",
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
