/**
 * Headers for one message, in an object of its own. Callers share such objects between messages and pass on those of
 * a message that they have received: written into there, one run's reference would go out with what another sends.
 */
export const headersToSend = <H extends object>(headers: H | undefined): H =>
  Object.fromEntries(
    Object.entries(headers ?? {}).filter(([name]) => !/^trace(?:parent|state)$/i.test(name)),
  ) as H;
