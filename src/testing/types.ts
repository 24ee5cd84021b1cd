import type { CimType } from '../envelope/cim-value.js'

export type { CimType }

/** A reference to an instance of another class of the endpoint. */
export interface EndpointRef {
  readonly className: string
  readonly namespace?: string
  /** By name; those of an association are references themselves. */
  readonly keys: Readonly<Record<string, string | number | bigint | boolean | EndpointRef>>
}

/** What a property may hold. Embedded instances are nested objects; a Date is written as a CIM datetime. */
export type EndpointValue =
  string | number | bigint | boolean | Date | null | EndpointRef | readonly EndpointValue[] | EndpointInstance

/** An instance by its properties. */
export interface EndpointInstance {
  readonly [property: string]: EndpointValue
}

/** Qualifiers by name, as clients that ask for the definition of a class see them: `{ Units: 'Bytes' }`. */
export type EndpointQualifiers = Readonly<
  Record<string, string | number | boolean | readonly (string | number | boolean)[]>
>

/** What properties and parameters are declared with. */
export interface ValueDefinition {
  readonly type: CimType
  readonly array?: boolean
  /** Of a `reference`: the class that it refers to. */
  readonly refersTo?: string
  /** Of a `string` in whose place an instance stands: the class of that instance, or true for any. */
  readonly embedded?: string | true
  /** Those that follow from the definition (`key`, `in`, `out`, `EmbeddedInstance`, …) need not be given. */
  readonly qualifiers?: EndpointQualifiers
}

/** A property in full. */
export interface PropertyDefinition extends ValueDefinition {
  /** Part of the key, and so a selector. */
  readonly key?: boolean
}

/** A parameter of a method in full. */
export interface ParameterDefinition extends ValueDefinition {
  /** Default: true, unless it goes out. */
  readonly in?: boolean
  readonly out?: boolean
}

/** What runs when a method is called. Returns the out parameters, `ReturnValue` among them. */
export type MethodBody = (call: MethodCall) => EndpointInstance | Promise<EndpointInstance>

/** A method whose definition clients can ask for, and whose parameters arrive as values of their types. */
export interface MethodDefinition {
  readonly run: MethodBody
  /** The type of `ReturnValue`; `void` where there is none. Default `uint32`. */
  readonly returns?: CimType | 'void'
  /** A static method is called without an instance. Default: both ways are taken. */
  readonly static?: boolean
  /** Name to type, in order; a bare type goes in. Others than these are refused. */
  readonly parameters?: Readonly<Record<string, CimType | ParameterDefinition>>
  readonly qualifiers?: EndpointQualifiers
}

/**
 * Named values that come with a request for the provider: options that begin with `wmi:`, and lists of those that begin
 * with `wmiarray:`, without that (MS-WSMV 3.1.4.1.10).
 */
export type ProviderContext = Readonly<Record<string, string | null | readonly (string | null)[]>>

/** What Put asks of a class. */
export interface PutCall {
  /** The instance the selectors name, as it is. */
  readonly instance: EndpointInstance
  /** The properties that are to change, without keys: named as the class does, with values of the declared types. */
  readonly properties: EndpointInstance
}

/** What Create asks of a class. */
export interface CreateCall {
  /** The properties that were sent, every key among them: named as the class does, with values of the declared types. */
  readonly properties: EndpointInstance
  readonly context: ProviderContext
}

/** What Delete asks of a class. */
export interface DeleteCall {
  /** The instance the selectors name. */
  readonly instance: EndpointInstance
}

/** What a method is called with. */
export interface MethodCall {
  /** The instance the selectors name; undefined for a static call. */
  readonly instance: EndpointInstance | undefined
  /** Values of the declared types; as text, where nobody declared the parameters. */
  readonly parameters: EndpointInstance
}

/** A class that the endpoint serves under `<namespace>/<name>`. */
export interface EndpointClass {
  readonly name: string
  /** Default `root/cimv2`. */
  readonly namespace?: string
  readonly superclass?: string
  /** Only classes derived from it have instances. */
  readonly abstract?: boolean
  /** There is one instance at most: Get and methods need no selectors for it. */
  readonly singleton?: boolean
  /** Name to type; a bare type is a plain property. */
  readonly properties: Readonly<Record<string, CimType | PropertyDefinition>>
  /**
   * A list, or a function that is asked anew for every Get and Enumerate.
   *
   * A list is the endpoint's to keep, as the repository of WMI keeps instances: Put, Create and Delete change what the
   * endpoint serves, and leave the list as it was given. Instances that come from a function are changed by `put`,
   * `create` and `delete`, and are read-only without them. Default: an empty list.
   */
  readonly instances?:
    | readonly EndpointInstance[]
    | (() =>
        Iterable<EndpointInstance> | AsyncIterable<EndpointInstance> | Promise<Iterable<EndpointInstance>>)
  /** Changes an instance; Put answers with what the class then gives for it. For `instances` that are a function. */
  readonly put?: (call: PutCall) => void | Promise<void>
  /** Makes an instance whose keys no other one has. For `instances` that are a function. */
  readonly create?: (call: CreateCall) => void | Promise<void>
  /** For `instances` that are a function. */
  readonly delete?: (call: DeleteCall) => void | Promise<void>
  /** A bare function has no declared parameters: they arrive as text. */
  readonly methods?: Readonly<Record<string, MethodBody | MethodDefinition>>
  /** `abstract` and `association` follow from the definition and need not be given. */
  readonly qualifiers?: EndpointQualifiers
}
