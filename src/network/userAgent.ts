/**
 * What requests for images say about the program. Large sites refuse clients without a name and a contact; this is the
 * extension's page in the Marketplace. A unit test compares it with the manifest.
 */
export const userAgent =
  'ImageMixer/0.1.0 (+https://marketplace.visualstudio.com/items?itemName=imagemixer.image-mixer)';
