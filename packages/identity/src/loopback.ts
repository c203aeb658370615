const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|::ffff:127(?:\.\d{1,3}){3})$/;

/** @param host a name or an address, without a port */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);
