/** What a project used before this page was opened. */
export async function readHistory(_name: string): Promise<void> {}
