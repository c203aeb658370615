import { z } from 'zod';
import type { Authentication } from '../authentication/authentication.ts';
import type { PeerCertificate, SubjectName } from '../authentication/peer-certificate.ts';
import { type ActorTemplate, actorTemplate, fillTemplate } from './actor-template.ts';
import { nameGlob, type Standing, standing, withDuties } from './credential-fields.ts';
import { certificateEntryId, certificateProof } from './credential-proofs.ts';
import { globMatches } from './glob.ts';

/** Which client certificates are a workload's. */
export interface CertificateRule extends Standing {
  /** A URI (with `://` in it) or a DNS name, `*` for any characters. */
  readonly san: string;
  /** `{+san}` stands for the name that fitted. */
  readonly actor: ActorTemplate;
}

const isUriGlob = (san: string): boolean => san.includes('://');

/** The name itself. */
const OF_SAN: ActorTemplate = [{ claim: 'san', manySegments: true }];

export const certificateRule = z
  .strictObject({ san: nameGlob, ...standing, actor: actorTemplate.optional() })
  .superRefine(({ san, actor }, context) => {
    if (actor === undefined && !isUriGlob(san)) {
      context.addIssue({
        code: 'custom',
        path: ['actor'],
        message: 'is needed: a DNS name is no URI; dns:{san} makes it one',
      });
    }
  })
  .transform(withDuties)
  .transform(({ actor, ...rest }): CertificateRule => ({ ...rest, actor: actor ?? OF_SAN }));

/** The first rule that fits a name of the certificate counts. */
export const recogniseCertificate = (
  rules: readonly CertificateRule[],
  certificate: PeerCertificate,
): Authentication => {
  const { names } = certificate;
  if (names.length === 0) return unknown('it has no URI and no DNS name (subject alternative name)');
  const uris = names.filter(({ kind }) => kind === 'uri');
  if (uris.length > 1 && uris.some(({ text }) => text.startsWith('spiffe://'))) {
    return unknown('an X.509-SVID has exactly one URI name');
  }
  for (const { san, actor, ...standing } of rules) {
    const name = names.find((each) => fits(san, each));
    if (name === undefined) continue;
    const filled = fillTemplate(actor, { san: name.text });
    if (filled.status === 'unfilled') return unknown('its name cannot be part of an actor');
    const credential = Object.freeze({
      id: filled.uri,
      actor: filled.uri,
      ...standing,
      proof: certificateProof(certificate, name.text, certificateEntryId(san)),
    });
    return { status: 'authenticated', credential };
  }
  return unknown('none of its names is in the credentials file');
};

/** A certificate for all names below a domain names nobody. */
const fits = (san: string, { kind, text }: SubjectName): boolean =>
  (kind === 'uri') === isUriGlob(san) && !text.includes('*') && globMatches(san, text);

const unknown = (why: string): Authentication => ({
  status: 'refused',
  code: 'certificate_unknown',
  detail: `the client certificate is good, but ${why}`,
});
