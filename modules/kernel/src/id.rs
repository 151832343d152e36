//! `id!` makes an identifier type of its own for each kind of thing, so that they cannot be mixed up.

/// Declares a UUID newtype: `kernel::id!(/** A note. */ NoteId);`
#[macro_export]
macro_rules! id {
    ($(#[$meta:meta])* $Name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            ::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $Name(pub ::uuid::Uuid);

        impl $Name {
            /// A new one, from the clock and the source of randomness.
            pub fn new(outside: &$crate::Outside) -> Self {
                Self(outside.uuid())
            }
        }

        impl ::std::fmt::Display for $Name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl ::std::str::FromStr for $Name {
            type Err = $crate::NotParsed;
            fn from_str(text: &str) -> Result<Self, $crate::NotParsed> {
                text.parse().map(Self).map_err(|_| $crate::NotParsed::new(stringify!($Name), text, "a UUID"))
            }
        }
    };
}
