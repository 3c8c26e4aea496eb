import { expect, test } from './fixtures.ts';

test('an image of the project opens, and the image preview offers Add to Mix', async ({ editor }) => {
  await editor.openImage('refs/alps.jpg');
  await expect(editor.page.getByRole('button', { name: 'Add to Mix' })).toBeVisible();
});
