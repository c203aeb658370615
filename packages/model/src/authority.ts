export const AUTHORITY_KINDS = ['human', 'policy', 'approval'] as const;

export type AuthorityKind = (typeof AUTHORITY_KINDS)[number];

/**
 * What allowed a run: a human, a policy at a version, or an approval. Set by the issuer, never taken from the actor.
 * Its id alone says which: `user:dana@example.com`, `policy:nightly-jobs@3`, `approval:7f2c`.
 */
export interface Authority {
  readonly kind: AuthorityKind;
  readonly id: string;
}

const KIND_OF_SCHEME: Readonly<Record<string, AuthorityKind>> = {
  user: 'human',
  policy: 'policy',
  approval: 'approval',
};

const AUTHORITY_ID = /^(user|policy|approval):[^\s\p{Cc}\p{Cf}\p{Cs}]{1,500}$/u;

/** @returns undefined where the id is not `user:…`, `policy:…` or `approval:…`. */
export const authorityOf = (id: string): Authority | undefined => {
  const scheme = AUTHORITY_ID.exec(id)?.[1];
  return scheme === undefined ? undefined : { kind: KIND_OF_SCHEME[scheme]!, id };
};
