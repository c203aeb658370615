import { startProgram, untilReady } from './system-program.ts';

/**
 * librdkafka's own Kafka broker, which speaks the real protocol, consumer groups too, inside of Debian's kcat. It makes
 * a topic of four partitions when one is asked for, and has no controller: no topics are made through an admin client.
 */
export const startKafka = async (): Promise<{ readonly broker: string }> => {
  // A producer that waits for its standard input, so that its broker stays. kcat's own -M is not in Debian's.
  const program = startProgram('kcat', [
    ...['-P', '-b', 'none:1', '-t', 'unused'],
    ...['-X', 'test.mock.num.brokers=1', '-d', 'mock'],
  ]);
  const broker = (): string | undefined => /bootstrap\.servers=([0-9.:]+)/.exec(program.printed())?.[1];
  await untilReady(program, () => broker() !== undefined);
  return { broker: broker()! };
};
