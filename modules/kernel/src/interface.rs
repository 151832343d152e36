//! `interface!`: one declaration, every distance. From ordinary trait syntax it makes the trait, its
//! far-away twin (`Remote`), its call-by-name face (`Dispatch`) and its fork. All policy is in `Fork::run`.

use serde::{Deserialize, Serialize};

/// What an operation may be subjected to. See the kind table of the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Safe to repeat, to shadow, and to answer from the other side.
    Query,
    /// Runs once: carries an idempotency key that is stored with its effect.
    Command,
    /// Reads the module's event log: always from the authoritative side.
    Feed,
}

/// One interface method, as policy sees it.
#[derive(Debug, PartialEq, Eq)]
pub struct Op {
    pub module: &'static str,
    pub name: &'static str,
    pub kind: Kind,
}

/// The JSON Schemas of one operation, for the snapshot that guards an interface's version.
#[derive(Debug, Serialize)]
pub struct OpSchema {
    pub op: String,
    pub kind: Kind,
    pub question: serde_json::Value,
    pub answer: serde_json::Value,
}

/// Declares an interface: the module's name, then a trait whose methods each take a `Ctx` and one question.
///
/// ```
/// # use serde::{Serialize, Deserialize};
/// # use kernel::{Ctx, Fault};
/// # #[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)] pub struct Of(u8);
/// # #[derive(Debug, Serialize, Deserialize, schemars::JsonSchema, thiserror::Error)]
/// # pub enum Oops { #[error(transparent)] Fault(#[from] Fault) }
/// # impl kernel::InterfaceError for Oops { fn fault(&self) -> Option<&Fault> { let Self::Fault(f) = self; Some(f) } }
/// kernel::interface! { "lamps",
///     /// Lamps that can be looked at and lit.
///     pub trait Lamps {
///         /// Is it lit?
///         #[query]
///         async fn lit(&self, ctx: &Ctx, of: Of) -> Result<bool, Oops>;
///         /// Lights it.
///         #[command]
///         async fn light(&self, ctx: &Ctx, of: Of) -> Result<bool, Oops>;
///     }
/// }
/// ```
#[macro_export]
macro_rules! interface {
    // Entry: an interface's own documentation, then its methods one by one (markers are literal arms,
    // because `$(#[$m:meta])* #[$kind:ident]` would be ambiguous).
    ($module:literal, $(#[$meta:meta])* pub trait $Trait:ident { $($methods:tt)* }) => {
        $crate::interface!(@munch [$module $Trait $(#[$meta])*] [] $($methods)*);
    };
    (@munch $head:tt [$($done:tt)*] $(#[doc = $d:expr])* #[query] $($rest:tt)*) => {
        $crate::interface!(@method $head [$($done)*] Query [$(#[doc = $d])*] $($rest)*);
    };
    (@munch $head:tt [$($done:tt)*] $(#[doc = $d:expr])* #[command] $($rest:tt)*) => {
        $crate::interface!(@method $head [$($done)*] Command [$(#[doc = $d])*] $($rest)*);
    };
    (@munch $head:tt [$($done:tt)*] $(#[doc = $d:expr])* #[feed] $($rest:tt)*) => {
        $crate::interface!(@method $head [$($done)*] Feed [$(#[doc = $d])*] $($rest)*);
    };
    (@method $head:tt [$($done:tt)*] $kind:ident [$($docs:tt)*]
        async fn $name:ident(&self, $ctx:ident: &$Ctx:ident, $q:ident: $Q:ty $(,)?) -> Result<$A:ty, $E:ty>; $($rest:tt)*
    ) => {
        $crate::interface!(@munch $head [$($done)* { $kind [$($docs)*] $name $Ctx $q ($Q) ($A) ($E) }] $($rest)*);
    };

    // All methods seen: the trait and its four faces.
    (@munch [$module:literal $Trait:ident $(#[$meta:meta])*]
        [$({ $kind:ident [$($docs:tt)*] $name:ident $Ctx:ident $q:ident ($Q:ty) ($A:ty) ($E:ty) })*]
    ) => {
        $(#[$meta])*
        #[$crate::macro_support::async_trait]
        pub trait $Trait: Send + Sync {
            $($($docs)* async fn $name(&self, ctx: &$Ctx, $q: $Q) -> Result<$A, $E>;)*
        }

        impl dyn $Trait {
            /// Every operation, in the order of declaration.
            pub const OPS: &'static [$crate::Op] = &[
                $($crate::Op { module: $module, name: stringify!($name), kind: $crate::Kind::$kind },)*
            ];

            /// The JSON Schemas of every question and answer.
            pub fn schemas() -> Vec<$crate::OpSchema> {
                vec![$($crate::OpSchema {
                    op: concat!($module, ".", stringify!($name)).to_owned(),
                    kind: $crate::Kind::$kind,
                    question: $crate::macro_support::schema_for!($Q).into(),
                    answer: $crate::macro_support::schema_for!($A).into(),
                },)*]
            }
        }

        #[$crate::macro_support::async_trait]
        impl<T: $crate::Transport> $Trait for $crate::Remote<T> {
            $(async fn $name(&self, ctx: &$Ctx, $q: $Q) -> Result<$A, $E> {
                static OP: $crate::Op =
                    $crate::Op { module: $module, name: stringify!($name), kind: $crate::Kind::$kind };
                self.call(ctx, &OP, &$q).await
            })*
        }

        #[$crate::macro_support::async_trait]
        impl $crate::Dispatch for dyn $Trait {
            fn ops(&self) -> &'static [$crate::Op] {
                <dyn $Trait>::OPS
            }

            async fn dispatch(&self, ctx: &$crate::Ctx, op: &str, question: &[u8]) -> Result<Vec<u8>, $crate::Fault> {
                match op {
                    $(stringify!($name) => {
                        let question: $Q = $crate::macro_support::serde_json::from_slice(question)
                            .map_err($crate::Fault::malformed)?;
                        let answer: Result<$A, $E> = self.$name(ctx, question).await;
                        $crate::Served::encode(&answer)
                    })*
                    _ => Err($crate::Fault::Refused(format!("{} has no operation {op}", $module))),
                }
            }
        }

        #[$crate::macro_support::async_trait]
        impl $Trait for $crate::Fork<dyn $Trait> {
            $(async fn $name(&self, ctx: &$Ctx, $q: $Q) -> Result<$A, $E> {
                static OP: $crate::Op =
                    $crate::Op { module: $module, name: stringify!($name), kind: $crate::Kind::$kind };
                self.run(ctx, &OP, $q, |side, ctx, question| side.$name(ctx, question)).await
            })*
        }
    };
}
