/** How a row names the GitHub account it was copied from. Accounts of people and organizations share one numbering. */
export function externalIdOf(githubId: number): string {
  return `github:${githubId}`;
}
