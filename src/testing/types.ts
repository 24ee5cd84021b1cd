/** The CIM types a property can have (DSP0004 5.2). */
export type CimType =
  | 'boolean'
  | 'string'
  | 'char16'
  | 'uint8'
  | 'sint8'
  | 'uint16'
  | 'sint16'
  | 'uint32'
  | 'sint32'
  | 'uint64'
  | 'sint64'
  | 'real32'
  | 'real64'
  | 'datetime'
  | 'reference'

/** A reference to an instance of another class of the endpoint. */
export interface EndpointRef {
  readonly className: string
  readonly namespace?: string
  readonly keys: Readonly<Record<string, string | number | bigint | boolean>>
}

/** What a property may hold. Embedded instances are nested objects; a Date is written as a CIM datetime. */
export type EndpointValue =
  string | number | bigint | boolean | Date | null | EndpointRef | readonly EndpointValue[] | EndpointInstance

/** An instance by its properties. */
export interface EndpointInstance {
  readonly [property: string]: EndpointValue
}

/** A property in full. */
export interface PropertyDefinition {
  readonly type: CimType
  readonly array?: boolean
  /** Part of the key, and so a selector. */
  readonly key?: boolean
}

/** What a method is called with. */
export interface MethodCall {
  /** The instance the selectors name; undefined for a static call. */
  readonly instance: EndpointInstance | undefined
  readonly parameters: EndpointInstance
}

/** A class that the endpoint serves under `<namespace>/<name>`. */
export interface EndpointClass {
  readonly name: string
  /** Default `root/cimv2`. */
  readonly namespace?: string
  readonly superclass?: string
  /** There is one instance at most: Get and methods need no selectors for it. */
  readonly singleton?: boolean
  /** Name to type; a bare type is a plain property. */
  readonly properties: Readonly<Record<string, CimType | PropertyDefinition>>
  /** A list, or a function that is asked anew for every Get and Enumerate. */
  readonly instances:
    | readonly EndpointInstance[]
    | (() =>
        Iterable<EndpointInstance> | AsyncIterable<EndpointInstance> | Promise<Iterable<EndpointInstance>>)
  /** Return the out parameters, `ReturnValue` among them. */
  readonly methods?: Readonly<
    Record<string, (call: MethodCall) => EndpointInstance | Promise<EndpointInstance>>
  >
}
