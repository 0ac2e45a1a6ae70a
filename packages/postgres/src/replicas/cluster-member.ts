import { readConnectionTarget } from '../connection/connection-target';

/** One server of a cluster, primary or standby. */
export interface ClusterMember {
  /** Holds a password, so never show it. */
  readonly url: string;
  /** `host:port`. */
  readonly name: string;
}

/** Reads the members of a cluster from their URLs, in that order, each once. */
export function readMembers(urls: readonly string[]): readonly ClusterMember[] {
  return [...new Set(urls)].map((url) => {
    const { host, port } = readConnectionTarget(url);
    return { url, name: `${host}:${port}` };
  });
}
