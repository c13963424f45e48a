//! The list of products.

/// Declares [`Product`](crate::Product): for each product its documentation, its name, the module of its
/// simulator and the name of its relay's folder.
macro_rules! products {
    ($($(#[$doc:meta])+ $name:ident = $module:ident, $slug:literal;)+) => {
        /// A product with a simulator.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Product {
            $($(#[$doc])+ $name,)+
        }

        impl Product {
            /// Every product, in the order of the documentation.
            pub const ALL: [Self; [$($slug),+].len()] = [$(Self::$name),+];

            /// The name of the relay's folder, such as `graph-security`.
            pub const fn slug(self) -> &'static str {
                match self {
                    $(Self::$name => $slug,)+
                }
            }

            /// The product with this folder name; `None` for any other text.
            pub fn from_slug(slug: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|product| product.slug() == slug)
            }

            /// The settings, claims and samples with which the product's relay runs against this
            /// simulator.
            pub fn fixture(self) -> &'static Fixture {
                match self {
                    $(Self::$name => &$module::fixture::FIXTURE,)+
                }
            }

            /// The product's routes over fresh data; `now` is the time of the simulator.
            pub(crate) fn router(self, now: jiff::Timestamp) -> axum::Router {
                match self {
                    $(Self::$name => $module::router(now),)+
                }
            }
        }
    };
}

pub(crate) use products;
