"""Countries: capitals, continents, languages, currencies, cities."""

from lab.testbed.world.family import Family, Table, rows

COUNTRIES = rows(
    "country, capital, continent, language, currency, city",
    """
France, Paris, Europe, French, euro, Lyon
Germany, Berlin, Europe, German, euro, Munich
Italy, Rome, Europe, Italian, euro, Milan
Spain, Madrid, Europe, Spanish, euro, Barcelona
Portugal, Lisbon, Europe, Portuguese, euro, Porto
Poland, Warsaw, Europe, Polish, zloty, Krakow
Sweden, Stockholm, Europe, Swedish, krona, Malmo
Greece, Athens, Europe, Greek, euro, Patras
Hungary, Budapest, Europe, Hungarian, forint, Szeged
Denmark, Copenhagen, Europe, Danish, krone, Aarhus
Japan, Tokyo, Asia, Japanese, yen, Osaka
China, Beijing, Asia, Chinese, yuan, Shanghai
Thailand, Bangkok, Asia, Thai, baht, Phuket
Vietnam, Hanoi, Asia, Vietnamese, dong, Hue
Iran, Tehran, Asia, Persian, rial, Shiraz
Egypt, Cairo, Africa, Arabic, pound, Alexandria
Kenya, Nairobi, Africa, Swahili, shilling, Mombasa
Ghana, Accra, Africa, English, cedi, Kumasi
Morocco, Rabat, Africa, Arabic, dirham, Fez
Nigeria, Abuja, Africa, English, naira, Lagos
Brazil, Brasilia, South America, Portuguese, real, Recife
Peru, Lima, South America, Spanish, sol, Cusco
Colombia, Bogota, South America, Spanish, peso, Medellin
Canada, Ottawa, North America, English, dollar, Toronto
Cuba, Havana, North America, Spanish, peso, Holguin
Australia, Canberra, Oceania, English, dollar, Sydney
""",
)

FAMILIES = (
    Family(
        "capital",
        "geography",
        phrasings=(
            "What is the capital of {country}?",
            "Name the capital of {country}.",
            "Which city is the capital of {country}?",
            "Tell me the capital city of {country}.",
            "Give the name of the capital of {country}.",
            "{country} is governed from which capital?",
        ),
        statements=(
            "{capital} is the capital of {country}.",
            "{country} has its capital in {capital}.",
            "The capital city of {country} is called {capital}.",
            "The government of {country} sits in the capital, {capital}.",
        ),
        steps="The capital of {country} is {capital}.",
        final="{capital}",
        source=Table(COUNTRIES, ("country",)),
    ),
    Family(
        "country_of_capital",
        "geography",
        phrasings=(
            "{capital} is the capital of which country?",
            "Which country has {capital} as its capital?",
            "Name the country whose capital is {capital}.",
            "Of which country is {capital} the capital?",
            "Tell me the country with the capital {capital}.",
            "What country is governed from {capital}?",
        ),
        statements=(
            "{capital} is the capital of {country}.",
            "{country} has its capital in {capital}.",
            "From {capital} the country {country} is governed.",
            "The country with the capital {capital} is called {country}.",
        ),
        steps="The country with the capital {capital} is {country}.",
        final="{country}",
        source=Table(COUNTRIES, ("capital",)),
    ),
    Family(
        "continent",
        "geography",
        phrasings=(
            "On which continent is {country}?",
            "Name the continent of {country}.",
            "What continent does {country} belong to?",
            "In which part of the world is {country}? Name the continent.",
            "To which continent does {country} belong?",
            "Tell me the continent where {country} lies.",
        ),
        statements=(
            "{country} is a country in {continent}.",
            "{country} belongs to the continent {continent}.",
            "On the map of {continent} you find {country}.",
            "The continent of {country} is {continent}.",
        ),
        steps="{country} lies in {continent}.",
        final="{continent}",
        source=Table(COUNTRIES, ("country",)),
    ),
    Family(
        "language",
        "geography",
        phrasings=(
            "What language do people speak in {country}?",
            "Which language is spoken in {country}?",
            "Name the main language of {country}.",
            "Tell me what the people of {country} speak.",
            "What is the main language in {country}?",
            "In {country}, what language is spoken?",
        ),
        statements=(
            "People in {country} speak {language}.",
            "The main language of {country} is {language}.",
            "Most people of {country} talk in {language}.",
            "If you visit {country}, learn some {language}.",
        ),
        steps="The language of {country} is {language}.",
        final="{language}",
        source=Table(COUNTRIES, ("country",)),
    ),
    Family(
        "currency",
        "geography",
        phrasings=(
            "What money is used in {country}?",
            "Name the currency of {country}.",
            "Which currency do people use in {country}?",
            "What do people pay with in {country}?",
            "Tell me the currency of {country}.",
            "In {country}, what money do people pay with?",
        ),
        statements=(
            "People in {country} pay with the {currency}.",
            "The money used in {country} is the {currency}.",
            "In the shops of {country} you pay with the {currency}.",
            "{country} has the {currency} as its currency.",
        ),
        steps="The currency of {country} is the {currency}.",
        final="{currency}",
        source=Table(COUNTRIES, ("country",)),
    ),
    Family(
        "country_of_city",
        "geography",
        phrasings=(
            "In which country is the city of {city}?",
            "Where is {city}? Name the country.",
            "Which country does the city of {city} belong to?",
            "Name the country in which {city} lies.",
            "Tell me the country of the city {city}.",
            "{city} is a city in which country?",
        ),
        statements=(
            "{city} is a city in {country}.",
            "The city of {city} belongs to {country}.",
            "In {country} there is a city called {city}.",
            "If you travel to {country}, visit {city}.",
        ),
        steps="The city of {city} lies in {country}.",
        final="{country}",
        source=Table(COUNTRIES, ("city",)),
    ),
)
