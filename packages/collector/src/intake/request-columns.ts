import { WITNESSES, type Witness } from '@whence/model';
import { type Place, RowWriter } from '@whence/store';

const writer = new RowWriter();

/** TenantId, Actor, Witness, ReceivedAt, BatchId: in the column order of `otel_traces`. */
export const encodeRequestColumns = (
  sender: { readonly tenant: string; readonly actor: string; readonly witness: Witness },
  place: Place,
): Uint8Array => {
  writer.reset();
  writer.string(sender.tenant);
  writer.string(sender.actor);
  writer.reserve(32);
  writer.uint8(WITNESSES.indexOf(sender.witness));
  writer.millis(place.receivedAtMillis);
  writer.uuid(place.batchId);
  return writer.copyOut();
};
