/** What the terminal can show. */
export interface Look {
  /** Characters in a line. */
  readonly columns: number;
  readonly rows: number;
  readonly hasColours: boolean;
  /** Whether characters beyond ASCII arrive as such. */
  readonly hasUnicode: boolean;
}
