/** How full a cache is, in entries. */
export interface CacheFill {
  readonly kept: number;
  /** Never exceeded: what was not used for longest makes room. */
  readonly max: number;
}
