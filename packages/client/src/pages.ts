/**
 * Goes through a list to its end, page by page, asking for the next only when it is wanted.
 *
 *     for await (const project of pages((request) => moa.projects.listProjects(request), { category: '도서' }, ({ projects }) => projects)) ...
 */
export async function* pages<Request extends object, Response extends { nextPageToken: string }, Item>(
  list: (request: Request & { pageToken: string }) => Promise<Response>,
  request: Request & { pageToken?: string | undefined },
  itemsOf: (response: Response) => readonly Item[],
): AsyncGenerator<Item, void, undefined> {
  let pageToken = request.pageToken ?? '';
  do {
    const response = await list({ ...request, pageToken });
    yield* itemsOf(response);
    pageToken = response.nextPageToken;
  } while (pageToken !== '');
}
