/** Where a process runs. `default` stands for none named. */
export const ENVIRONMENTS = ['default', 'development', 'test', 'staging', 'production'] as const;

export type Environment = (typeof ENVIRONMENTS)[number];

/** Variables of a process, as in `process.env`. */
export type Variables = Readonly<Record<string, string | undefined>>;
