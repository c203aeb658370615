import {
  type Context,
  propagation,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api';
import {
  CompositePropagator,
  isTracingSuppressed,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import type { SdkConfig } from '../settings/config.ts';
import type { Notices } from '../settings/notices.ts';
import { type AllowedHosts, allowedHosts } from './allowed-hosts.ts';
import { isArrivingRequest } from './arriving-request.ts';
import { destinationOf } from './destination.ts';
import { InboundFields } from './inbound-fields.ts';
import { isUnsigned, linkedTo } from './inbound-policy.ts';
import { type NamedPropagators, namedPropagators } from './named-propagators.ts';
import { isTokenText, TXN_TOKEN, tokenIn, withArrivedToken } from './transaction-token.ts';

/**
 * What leaves this process with a call, and what is made of what a call brings in.
 *
 * Out: W3C Trace Context goes everywhere, as it names nobody. Baggage and `Txn-Token` go to the hosts that
 * `propagateTo` names, and nowhere else. In: a request's context is taken up, linked or discarded, by `inbound`; that of
 * a message is left to who takes it up.
 *
 * Neither throws.
 */
export class TrustBoundary implements TextMapPropagator {
  readonly #config: SdkConfig;
  readonly #notices: Notices;
  readonly #trace: TextMapPropagator;
  readonly #baggage: TextMapPropagator | undefined;
  readonly #isAllowed: AllowedHosts;

  constructor(config: SdkConfig, notices: Notices, { baggage, others }: NamedPropagators) {
    this.#config = config;
    this.#notices = notices;
    const w3c = new W3CTraceContextPropagator();
    // Last, so that of two that came in the one with the reference is taken.
    this.#trace = others.length === 0 ? w3c : new CompositePropagator({ propagators: [...others, w3c] });
    this.#baggage = baggage ? new W3CBaggagePropagator() : undefined;
    this.#isAllowed = allowedHosts(config.propagateTo);
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    try {
      this.#trace.inject(context, carrier, setter);
      this.#injectMore(context, carrier, setter);
    } catch (error) {
      this.#notices.warnOnce('inject', `a call went out without its cause: ${error}`);
    }
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    try {
      return isArrivingRequest(carrier)
        ? this.#ofRequest(context, carrier, getter)
        : this.#all(context, carrier, new InboundFields(getter, this.#notices));
    } catch (error) {
      this.#notices.warnOnce('extract', `what came in could not be read: ${error}`);
      return context;
    }
  }

  /** Without `txn-token`: SQS counts these against what a message may carry, and no message carries that. */
  fields(): string[] {
    return [...this.#trace.fields(), ...(this.#baggage?.fields() ?? [])];
  }

  #injectMore(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const baggage = this.#baggage === undefined ? undefined : propagation.getBaggage(context);
    if (baggage === undefined && this.#config.propagateTo.length === 0) return;
    if (isTracingSuppressed(context)) return;
    const host = destinationOf(context);
    if (host === undefined || !this.#isAllowed(host)) {
      if (baggage !== undefined) this.#tellWithheld(host);
      return;
    }
    this.#baggage?.inject(context, carrier, setter);
    const token = tokenIn(context);
    if (token !== undefined) setter.set(carrier, TXN_TOKEN, token);
  }

  #tellWithheld(host: string | undefined): void {
    const where = host === undefined ? 'where the destination is not known' : `to ${host}`;
    this.#notices.warnOnce(
      'baggage withheld',
      `baggage is not sent ${where}: it goes to hosts that WHENCE_PROPAGATE_TO names`,
    );
  }

  #ofRequest(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    if (this.#config.inbound === 'discard') return context;
    const fields = new InboundFields(getter, this.#notices);
    const traced = this.#trace.extract(context, carrier, fields);
    if (this.#config.inbound === 'link') return linkedTo(traced, context);
    const { reference } = fields;
    if (this.#config.issuerUrl !== undefined && reference !== undefined && isUnsigned(reference)) {
      this.#notices.warnOnce(
        'unsigned reference',
        'a request came with a reference that no issuer signed: what it causes is linked to it, not part of its run',
      );
      return linkedTo(traced, context);
    }
    if (traced === context && fields.get(carrier, 'traceparent') !== undefined) {
      this.#notices.warnOnce('inbound traceparent', 'traceparent came in malformed: left out');
    }
    return this.#withToken(this.#withBaggage(traced, carrier, fields), carrier, fields);
  }

  #all(context: Context, carrier: unknown, fields: TextMapGetter): Context {
    return this.#withBaggage(this.#trace.extract(context, carrier, fields), carrier, fields);
  }

  #withBaggage(context: Context, carrier: unknown, fields: TextMapGetter): Context {
    return this.#baggage?.extract(context, carrier, fields) ?? context;
  }

  #withToken(context: Context, carrier: unknown, fields: TextMapGetter): Context {
    if (this.#config.propagateTo.length === 0) return context;
    const value = fields.get(carrier, TXN_TOKEN);
    const token = Array.isArray(value) && value.length < 2 ? value[0] : value;
    if (token === undefined) return context;
    if (typeof token === 'string' && isTokenText(token)) return withArrivedToken(context, token);
    this.#notices.warnOnce('inbound Txn-Token', 'Txn-Token came in malformed, twice or too long: left out');
    return context;
  }
}

/** The propagator of this process; undefined where nothing is to be propagated. */
export const trustBoundary = (config: SdkConfig, notices: Notices): TrustBoundary | undefined => {
  const named = namedPropagators(process.env['OTEL_PROPAGATORS'], notices);
  return named === undefined ? undefined : new TrustBoundary(config, notices, named);
};
