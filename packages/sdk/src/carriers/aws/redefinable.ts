import { types } from 'node:util';

/**
 * A module's exports, so that one of them can be replaced. Bundlers export getters that nobody can redefine: of those
 * there is a copy, which whoever requires the module gets in their place.
 */
export const redefinable = (exported: object): object => {
  const properties = Object.entries(Object.getOwnPropertyDescriptors(exported));
  if (types.isModuleNamespaceObject(exported) || types.isProxy(exported)) return exported;
  if (properties.every(([, { configurable }]) => configurable)) return exported;
  return Object.defineProperties(
    Object.create(Object.getPrototypeOf(exported)),
    Object.fromEntries(properties.map(([name, property]) => [name, { ...property, configurable: true }])),
  );
};
