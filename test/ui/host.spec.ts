import { expect, test } from './fixtures.ts';

test('a picture of the project opens, and the image preview offers Add to Mix', async ({ editor }) => {
  await (await editor.file('refs/alps.jpg')).dblclick();
  await expect(editor.panel().getByRole('img')).toBeVisible();
  await expect(editor.page.getByRole('button', { name: 'Add to Mix' })).toBeVisible();
});
